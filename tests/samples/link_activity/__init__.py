"""An activity kind, complete: a link to another site. The worked example of docs/developer/10-activity-kind.md."""
