"""What importers share: tensors of other layouts, and other libraries' operations as operations of the graph."""
