"""The cases: each module measures one thing, on a stack or lake of its own if it needs one (`measure`)."""
