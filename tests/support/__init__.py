"""Small real things that tests build on: data files, labs, hosts in other processes."""
