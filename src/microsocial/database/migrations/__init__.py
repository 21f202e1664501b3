"""The history of the schema: one step per file in versions/, and what runs them.

One duty: take any earlier database to the present one. Steps are never changed once released; new ones are added.

May import: database.
"""
