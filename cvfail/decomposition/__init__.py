"""What the errors are made of: types, categories and components, and what repairing them would gain."""
