"""One module per step of the graph; each wires functions of `sarchat_build` and decides nothing."""
