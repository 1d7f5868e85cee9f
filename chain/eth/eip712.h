/* chain/eth/eip712.h: typed data, as wallets show and sign it (EIP-712).
 *
 *     digest     = keccak256(0x19 0x01 || domainSeparator || hashStruct(message))
 *     hashStruct = keccak256(typeHash || the members, a word each)
 *     typeHash   = keccak256("Name(type name,...)" and, sorted by name, the same of every struct that it leads to)
 *
 * A type is told by its text, as in Solidity: uint8 .. uint256, int8 .. int256, bytes1 .. bytes32, bool, address, bytes, string, the
 * name of a struct, and T[] or T[n] of any of these. Everything here is borrowed. The digest, and not what it was made from, is what
 * a key in this process signs; a signer elsewhere is given the whole (chain/rpc/signer.h). */
#ifndef GS_CHAIN_ETH_EIP712_H
#define GS_CHAIN_ETH_EIP712_H

#include "chain/core/core.h"
#include "chain/core/u256.h"

enum { GS_TYPED_STRUCTS_MAX = 32, GS_TYPED_DEPTH_MAX = 16, GS_TYPED_TYPE_TEXT_MAX = 4096, GS_TYPED_NAME_MAX = 128 };

struct gs_typed_member {
	const char *type;
	const char *name;
};
struct gs_typed_struct {
	const char *name;
	const struct gs_typed_member *members;
	size_t count;
};

struct gs_typed_value {
	uint8_t word[32];      /* of a number, bool, address or bytesN: the word that the ABI makes of it */
	struct gs_bytes bytes; /* of bytes or string */
	const struct gs_typed_value *items; /* of a struct: its members, in their order; of a list: its elements */
	size_t count;
};

/* Whose signatures these are; what is NULL is not part of the domain. */
struct gs_typed_domain {
	const char *name;
	const char *version;
	const struct gs_u256 *chain_id;
	const struct gs_address *contract;
	const struct gs_hash *salt;
};
enum { GS_TYPED_DOMAIN_MEMBERS = 5 };
/* The members that this domain has, in the order of the EIP, into out; how many. */
size_t gs_typed_domain_members(const struct gs_typed_domain *domain,
                               struct gs_typed_member out[GS_TYPED_DOMAIN_MEMBERS]);

struct gs_typed {
	struct gs_typed_domain domain;
	const struct gs_typed_struct *structs; /* the message's and all that it leads to, in any order */
	size_t struct_count;
	const char *primary; /* the name of the message's struct */
	struct gs_typed_value message;
};

/* What a type's text says of one layer: `uint256[3]` is a list of `uint256`. */
enum gs_typed_kind { GS_TYPED_WORD, GS_TYPED_BYTES, GS_TYPED_STRUCT, GS_TYPED_LIST };
enum gs_typed_word { GS_TYPED_UINT, GS_TYPED_INT, GS_TYPED_BOOL, GS_TYPED_ADDRESS, GS_TYPED_FIXED };
struct gs_typed_form {
	enum gs_typed_kind kind;
	enum gs_typed_word word;             /* GS_TYPED_WORD */
	unsigned size;                       /* GS_TYPED_FIXED: its bytes; GS_TYPED_UINT and _INT: its bits */
	bool text;                           /* GS_TYPED_BYTES: a string */
	const struct gs_typed_struct *of;    /* GS_TYPED_STRUCT */
	char element[GS_TYPED_NAME_MAX + 1]; /* GS_TYPED_LIST */
	size_t length;                       /* GS_TYPED_LIST: SIZE_MAX for T[] */
};
/* GS_EINVAL for a text that is no type of these; GS_ELIMIT for a name that is too long. */
GS_MUST enum gs_err gs_typed_form_of(const struct gs_typed *typed, const char *type, struct gs_typed_form *out,
                                     struct gs_error *error);

/* GS_EINVAL: a type that is none, a word that is not of its type (a uint8 of 256), values that do not fit the types in number;
 * GS_ELIMIT: past the limits above, so that a struct that holds itself ends too. */
GS_MUST enum gs_err gs_typed_domain_separator(const struct gs_typed_domain *domain, struct gs_hash *out,
                                              struct gs_error *error);
GS_MUST enum gs_err gs_typed_hash_struct(const struct gs_typed *typed, struct gs_hash *out, struct gs_error *error);
GS_MUST enum gs_err gs_typed_digest(const struct gs_typed *typed, struct gs_hash *out, struct gs_error *error);
/* "Name(type name,...)...", what the type hash is made of, into out. */
GS_MUST enum gs_err gs_typed_encode_type(const struct gs_typed *typed, const char *name,
                                         char out[GS_TYPED_TYPE_TEXT_MAX], struct gs_error *error);

#endif
