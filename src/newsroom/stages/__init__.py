"""One file, one verb: discover, fetch, parse, dedupe, model, check, publish. Stages meet in the warehouse, never each other."""
