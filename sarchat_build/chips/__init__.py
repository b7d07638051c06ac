"""Pictures with their annotations become chips: joined, normalized, cut."""
