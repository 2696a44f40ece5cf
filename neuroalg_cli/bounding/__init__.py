"""Upper bounds for dimensions that hold for a reason, each with evidence to replay."""
