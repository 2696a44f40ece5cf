"""Reading graphs: normal forms, and which family a graph belongs to."""
