"""Words that a dataset uses most, without those that carry no meaning."""

from __future__ import annotations

from collections.abc import Mapping

_MOST = 100
_ARTICLES = ("a", "an", "the", "this", "that", "these", "those", "all", "any", "each", "every")
_PREPOSITIONS = ("at", "by", "for", "from", "in", "into", "of", "on", "out", "to", "using", "with")
_PRONOUNS = (
    *("i", "it", "its", "me", "one", "other", "their", "them", "there", "they", "we", "what"),
    *("where", "which", "you", "your", "here", "none", "such", "two", "both", "either"),
)
_VERBS = (
    *("am", "are", "be", "can", "could", "do", "does", "give", "has", "have", "is", "please"),
    *("show", "tell", "was", "were", "will", "would"),
)
_REST = (
    *("and", "as", "but", "how", "if", "just", "list", "no", "not", "only", "or", "s", "so"),
    *("also", "following", "than", "whether"),
)
_FUNCTION_WORDS = frozenset((*_ARTICLES, *_PREPOSITIONS, *_PRONOUNS, *_VERBS, *_REST))


def frequent_words(vocabulary: Mapping[str, int]) -> dict[str, int]:
    """Give the words that most texts hold, a hundred at most.

    >>> frequent_words({"the": 9, "ship": 4, "aircraft": 4, "tank": 5})
    {'tank': 5, 'aircraft': 4, 'ship': 4}
    """
    telling = {word: n for word, n in vocabulary.items() if word not in _FUNCTION_WORDS}
    return dict(by_frequency(telling)[:_MOST])


def by_frequency(words: Mapping[str, int]) -> list[tuple[str, int]]:
    """Give words with their numbers, most frequent first: a document keeps no order of keys."""
    return sorted(words.items(), key=lambda item: (-item[1], item[0]))
