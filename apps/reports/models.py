"""Reports for the police and witness statements: drafted from the record, edited and signed by a person."""
