# The C bindings of the contracts are committed; forge's output says whether they are current.
BINDINGS_SCRIPT := chain/contracts/script/bindings.py

.PHONY: bindings check-bindings
bindings:
	/usr/bin/python3 $(BINDINGS_SCRIPT)
check-bindings:
	/usr/bin/python3 $(BINDINGS_SCRIPT) --check
