"""node.yaml: everything that is said about a node, checked before it begins."""
