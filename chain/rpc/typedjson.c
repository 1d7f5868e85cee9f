/* Typed data as wallets take it: the JSON of eth_signTypedData_v4 (EIP-712, "Specification of the eth_signTypedData JSON RPC"). */
#include <string.h>

#include "chain/rpc/hexjson.h"
#include "chain/rpc/signer.h"

static json_t *members_to_json(const struct gs_typed_member *members, size_t count)
{
	json_t *json = json_array();

	for (size_t i = 0; i < count && json; i++)
		if (json_array_append_new(
			    json, json_pack("{s:s, s:s}", "name", members[i].name, "type", members[i].type)) != 0) {
			json_decref(json);
			json = NULL;
		}
	return json;
}

/* Numbers as decimal texts, which every reader takes whatever their size. */
static json_t *number_to_json(const uint8_t word[32], bool negative)
{
	char text[GS_U256_DECIMAL_MAX + 1] = "-";
	struct gs_u256 v = gs_u256_from_be(word), zero = {{0}};

	if (!negative) {
		gs_u256_to_decimal(&v, text);
		return json_string(text);
	}
	(void)gs_u256_sub_overflow(&zero, &v, &v);
	gs_u256_to_decimal(&v, text + 1);
	return json_string(text);
}

static json_t *word_to_json(const struct gs_typed_form *form, const uint8_t word[32])
{
	struct gs_address address;

	switch (form->word) {
	case GS_TYPED_UINT: return number_to_json(word, false);
	case GS_TYPED_INT: return number_to_json(word, (word[0] & 0x80) != 0);
	case GS_TYPED_BOOL: return json_boolean(word[31]);
	case GS_TYPED_FIXED: return gs_json_from_bytes((struct gs_bytes){word, form->size});
	case GS_TYPED_ADDRESS: memcpy(address.b, word + 12, 20); return gs_json_from_address(&address);
	}
	return NULL;
}

static json_t *value_to_json(const struct gs_typed *typed, const char *type, const struct gs_typed_value *value,
                             unsigned depth)
{
	struct gs_typed_form form;
	json_t *json = NULL;
	bool whole = true;

	if (depth > GS_TYPED_DEPTH_MAX || gs_typed_form_of(typed, type, &form, NULL) != GS_OK)
		return NULL;
	switch (form.kind) {
	case GS_TYPED_WORD: return word_to_json(&form, value->word);
	case GS_TYPED_BYTES:
		return form.text
		               ? json_stringn(value->bytes.len ? (const char *)value->bytes.ptr : "", value->bytes.len)
		               : gs_json_from_bytes(value->bytes);
	case GS_TYPED_STRUCT:
		json = json_object();
		whole = json && value->count == form.of->count;
		for (size_t i = 0; whole && i < value->count; i++)
			whole = json_object_set_new(json, form.of->members[i].name,
			                            value_to_json(typed, form.of->members[i].type, &value->items[i],
			                                          depth + 1)) == 0;
		break;
	case GS_TYPED_LIST:
		json = json_array();
		whole = json != NULL;
		for (size_t i = 0; whole && i < value->count; i++)
			whole = json_array_append_new(
					json, value_to_json(typed, form.element, &value->items[i], depth + 1)) == 0;
		break;
	}
	if (whole)
		return json;
	json_decref(json);
	return NULL;
}

static json_t *domain_to_json(const struct gs_typed_domain *domain)
{
	json_t *json = json_object();
	bool whole = json != NULL;

	if (whole && domain->name)
		whole = json_object_set_new(json, "name", json_string(domain->name)) == 0;
	if (whole && domain->version)
		whole = json_object_set_new(json, "version", json_string(domain->version)) == 0;
	if (whole && domain->chain_id) {
		uint8_t word[32];
		gs_u256_to_be(domain->chain_id, word);
		/* A number where it is one for every reader, since some (ethers 5, Clef) take nothing else here. */
		whole = json_object_set_new(json, "chainId",
		                            gs_u256_fits_u64(domain->chain_id) && domain->chain_id->limb[0] >> 53 == 0
		                                    ? json_integer((json_int_t)domain->chain_id->limb[0])
		                                    : number_to_json(word, false)) == 0;
	}
	if (whole && domain->contract)
		whole = json_object_set_new(json, "verifyingContract", gs_json_from_address(domain->contract)) == 0;
	if (whole && domain->salt)
		whole = json_object_set_new(json, "salt", gs_json_from_hash(domain->salt)) == 0;
	if (whole)
		return json;
	json_decref(json);
	return NULL;
}

json_t *gs_typed_to_json(const struct gs_typed *typed)
{
	struct gs_typed_member domain[GS_TYPED_DOMAIN_MEMBERS];
	const size_t domain_count = gs_typed_domain_members(&typed->domain, domain);
	json_t *types = json_object();
	bool whole = types && json_object_set_new(types, "EIP712Domain", members_to_json(domain, domain_count)) == 0;

	for (size_t i = 0; whole && i < typed->struct_count; i++)
		whole = json_object_set_new(types, typed->structs[i].name,
		                            members_to_json(typed->structs[i].members, typed->structs[i].count)) == 0;
	if (!whole) {
		json_decref(types);
		return NULL;
	}
	return json_pack("{s:o, s:s, s:o, s:o}", "types", types, "primaryType", typed->primary, "domain",
	                 domain_to_json(&typed->domain), "message",
	                 value_to_json(typed, typed->primary, &typed->message, 0));
}
