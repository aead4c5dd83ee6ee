"""`python3 tools/mlc …`: the package as it lies here, without being installed. `bench` carries it and runs it so."""

from slm_mlc.make import main

main()
