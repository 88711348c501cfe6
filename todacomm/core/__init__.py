"""The numeric core: arrays in, numbers out; needs numpy and scipy, never torch, mlflow or matplotlib."""
