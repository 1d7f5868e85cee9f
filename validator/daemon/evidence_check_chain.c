/* Headers, receipts under their roots, the logs in these, and transactions with their signatures. */
#include <stdlib.h>
#include <string.h>

#include "chain/eth/trie.h"
#include "validator/daemon/evidence_parts.h"

void gs_evidence_chain_free(struct gs_evidence_chain *chain)
{
	for (size_t i = 0; i < chain->lists; i++)
		gs_log_list_free(&chain->list[i]);
	free(chain->header);
	free(chain->list);
	free(chain->log);
	free(chain->tx);
	memset(chain, 0, sizeof(*chain));
}

static size_t count_of(struct gs_bytes list)
{
	struct gs_bytes item;
	size_t count = 0;

	while (gs_framed_next(&list, &item))
		count++;
	return count;
}

static enum gs_err no_memory(const struct gs_evidence_checking *c)
{
	return gs_fail(c->error, GS_ENOMEM, "evidence: no memory");
}

/* --- headers --- */

static enum gs_err check_headers(struct gs_evidence_checking *c)
{
	struct gs_bytes list = c->e->blocks, item;
	const size_t count = count_of(list);
	struct gs_evidence_chain *chain = &c->chain;

	chain->header = calloc(count + 1, sizeof(*chain->header));
	if (!chain->header)
		return no_memory(c);
	while (gs_framed_next(&list, &item)) {
		struct gs_block_header *h = &chain->header[chain->headers];
		if (gs_block_header_decode(item, h)) {
			gs_evidence_say(c, "blocks", GS_EVIDENCE_FAILS, "header %zu does not have its form",
			                chain->headers + 1);
			return GS_OK;
		}
		const struct gs_head *before = chain->headers ? &chain->header[chain->headers - 1].head : NULL;
		if (before &&
		    (h->head.number <= before->number || h->head.time.unix_s < before->time.unix_s ||
		     (h->head.number == before->number + 1 && !gs_hash_equal(&h->head.parent, &before->hash)))) {
			gs_evidence_say(c, "blocks", GS_EVIDENCE_FAILS, "header %zu does not follow the one before it",
			                chain->headers + 1);
			return GS_OK;
		}
		chain->headers++;
	}
	if (count == 0) {
		gs_evidence_say(c, "blocks", GS_EVIDENCE_UNCHECKED,
		                "there are none: it was made without an endpoint (--rpc)");
		return GS_OK;
	}
	char first[67], last[67];
	gs_hex_encode(chain->header[0].head.hash.b, 32, true, first);
	gs_hex_encode(chain->header[count - 1].head.hash.b, 32, true, last);
	gs_evidence_say(c, "blocks", GS_EVIDENCE_HOLDS, "%zu headers, from %llu %s to %llu %s", count,
	                (unsigned long long)chain->header[0].head.number, first,
	                (unsigned long long)chain->header[count - 1].head.number, last);
	gs_evidence_say(
		c, "blocks on chain", GS_EVIDENCE_UNCHECKED,
		"that these are blocks of the chain says only the chain: compare the hashes with an endpoint's");
	return GS_OK;
}

/* --- receipts --- */

static enum gs_err take_receipt(struct gs_evidence_checking *c, const struct gs_evidence_item *item, const char **why)
{
	struct gs_evidence_chain *chain = &c->chain;
	struct gs_log_list *list = &chain->list[chain->lists];
	struct gs_bytes receipt;
	bool success;
	enum gs_err err;

	if (item->block >= chain->headers || item->bytes.len)
		*why = "it does not say which block it is of";
	else if (gs_trie_verify(&chain->header[item->block].receipts_root, item->index, item->proof, &receipt))
		*why = "its proof does not lead from the header's root of receipts to it";
	if (*why)
		return GS_OK;
	err = gs_receipt_decode(receipt, &success, list);
	if (err) {
		*why = "it does not have a receipt's form";
		return err == GS_ENOMEM ? no_memory(c) : GS_OK;
	}
	chain->lists++;
	if (chain->logs + list->count > GS_EVIDENCE_LOGS_MAX) {
		*why = "there are more logs than a file may hold";
		return GS_OK;
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct gs_head *head = &chain->header[item->block].head;
		struct gs_log_entry *entry = &list->entries[i];
		entry->block_number = head->number;
		entry->block_hash = head->hash;
		entry->time = head->time;
		entry->index = (uint32_t)i;
		chain->log[chain->logs++] = (struct gs_evidence_log){
			.block = item->block, .tx = item->index, .entry = entry};
	}
	return GS_OK;
}

static int by_place(const void *a, const void *b)
{
	const struct gs_evidence_log *x = a, *y = b;

	if (x->block != y->block)
		return x->block < y->block ? -1 : 1;
	if (x->tx != y->tx)
		return x->tx < y->tx ? -1 : 1;
	return x->entry->index < y->entry->index ? -1 : x->entry->index > y->entry->index;
}

static enum gs_err check_receipts(struct gs_evidence_checking *c)
{
	struct gs_evidence_chain *chain = &c->chain;
	struct gs_bytes list = c->e->receipts, bytes;
	const size_t count = count_of(list);
	struct gs_evidence_item item;
	size_t number = 0;

	chain->list = calloc(count + 1, sizeof(*chain->list));
	chain->log = calloc(GS_EVIDENCE_LOGS_MAX, sizeof(*chain->log));
	if (!chain->list || !chain->log)
		return no_memory(c);
	while (gs_framed_next(&list, &bytes)) {
		const char *why = gs_evidence_get_item(bytes, &item) ? "it does not have its form" : NULL;
		const enum gs_err err = why ? GS_OK : take_receipt(c, &item, &why);
		number++;
		if (err)
			return err;
		if (!why)
			continue;
		gs_evidence_say(c, "receipts", GS_EVIDENCE_FAILS, "number %zu: %s", number, why);
		return GS_OK;
	}
	qsort(chain->log, chain->logs, sizeof(*chain->log), by_place);
	for (size_t i = 1; i < chain->logs; i++)
		if (by_place(&chain->log[i - 1], &chain->log[i]) == 0) {
			gs_evidence_say(c, "receipts", GS_EVIDENCE_FAILS, "one is there twice");
			return GS_OK;
		}
	chain->whole = count > 0;
	if (count == 0)
		gs_evidence_say(c, "receipts", GS_EVIDENCE_UNCHECKED, "there are none");
	else
		gs_evidence_say(c, "receipts", GS_EVIDENCE_HOLDS,
		                "%zu lie under the roots of their headers, with %zu logs", count, chain->logs);
	return GS_OK;
}

/* --- transactions --- */

static const char *take_transaction(struct gs_evidence_checking *c, const struct gs_evidence_item *item)
{
	struct gs_evidence_chain *chain = &c->chain;
	struct gs_evidence_tx *tx = &chain->tx[chain->txs];
	struct gs_bytes raw = item->bytes;

	if (item->block >= chain->headers || (item->bytes.len == 0) == (item->proof.len == 0))
		return "it does not say which block it is of";
	*tx = (struct gs_evidence_tx){.block = item->block, .index = item->index, .proven = item->proof.len > 0};
	if (tx->proven && gs_trie_verify(&chain->header[item->block].transactions_root, item->index, item->proof, &raw))
		return "its proof does not lead from the header's root of transactions to it";
	gs_tx_hash(raw, &tx->hash);
	const enum gs_err err = gs_tx_decode(raw, &tx->tx, &tx->sender, NULL);
	if (err && err != GS_EUNSUPPORTED)
		return "it is no transaction, or its signature is nobody's";
	tx->decoded = !err;
	if (tx->decoded && tx->tx.chain_id != c->e->contracts.chain_id)
		return "it is of another chain";
	chain->txs++;
	return NULL;
}

static enum gs_err check_transactions(struct gs_evidence_checking *c)
{
	struct gs_evidence_chain *chain = &c->chain;
	struct gs_bytes list = c->e->transactions, bytes;
	const size_t count = count_of(list);
	struct gs_evidence_item item;
	size_t unproven = 0, unread = 0;

	chain->tx = calloc(count + 1, sizeof(*chain->tx));
	if (!chain->tx)
		return no_memory(c);
	while (gs_framed_next(&list, &bytes)) {
		const char *why = gs_evidence_get_item(bytes, &item) ? "it does not have its form"
		                                                     : take_transaction(c, &item);
		if (why) {
			gs_evidence_say(c, "transactions", GS_EVIDENCE_FAILS, "number %zu: %s", chain->txs + 1, why);
			return GS_OK;
		}
		unproven += !chain->tx[chain->txs - 1].proven;
		unread += !chain->tx[chain->txs - 1].decoded;
	}
	if (count == 0) {
		gs_evidence_say(c, "transactions", GS_EVIDENCE_UNCHECKED, "there are none");
		return GS_OK;
	}
	gs_evidence_say(
		c, "transactions", GS_EVIDENCE_HOLDS,
		"%zu, %zu of them under the roots of their headers, %zu with signatures that give their senders", count,
		count - unproven, count - unread);
	if (unproven)
		gs_evidence_say(c, "transactions' blocks", GS_EVIDENCE_UNCHECKED,
		                "%zu have no proof that they are in their blocks", unproven);
	return GS_OK;
}

enum gs_err gs_evidence_check_chain(struct gs_evidence_checking *c)
{
	enum gs_err err = check_headers(c);

	if (!err)
		err = check_receipts(c);
	return err ? err : check_transactions(c);
}
