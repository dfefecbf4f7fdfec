"""One use case per function; `advance` names the steps of the straight path in their order."""
