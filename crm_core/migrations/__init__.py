"""The history of the database's shape; ``upgrade`` brings any older state to today's."""
