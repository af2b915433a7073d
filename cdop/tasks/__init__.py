"""The one work list: what somebody still has to do, by when, and by which rule."""
