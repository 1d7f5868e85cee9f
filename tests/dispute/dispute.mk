# More than 200 disputes over models and generated programs; some minutes. Writes $(BUILD)/dispute-long.json.
.PHONY: dispute-long
dispute-long: all contracts tools
	@$(PYTHON) tests/dispute/disputes.py $(BUILD) long

# Spoilt moves of 300 games on the contract and on the game in C: equal answers; some two minutes.
.PHONY: dispute-moves
dispute-moves: $(BUILD)/tests/unit/test_dispute_chain contracts tools
	@GAINSAY_GAMES=300 $<
