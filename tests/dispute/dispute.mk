# More than 200 disputes over models and generated programs; some minutes. Writes $(BUILD)/dispute-long.json.
.PHONY: dispute-long
dispute-long: all contracts tools
	@$(PYTHON) tests/dispute/disputes.py $(BUILD) long
