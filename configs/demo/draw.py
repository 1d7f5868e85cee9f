"""Draws the demo's story for people: at most 100 columns, colour only on a terminal."""
import os
import struct
import sys

from descriptor import DTYPE_NAME, FUNCTIONS, shortest
from story import CHALLENGER_WON, CLAIMANT_WON, CLOSED, FINAL, INVALID, REASONS

WIDTH = 100
BAR = 64
SAMPLED = {"value": "by value", "drawn": "by lot", "not_drawn": "no", "": "no"}
COLOURS = {"red": "31", "green": "32", "yellow": "33", "blue": "36", "bold": "1", "dim": "2"}
COLOURED = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(text, colour):
    return f"\033[{COLOURS[colour]}m{text}\033[0m" if COLOURED and colour else text


def money(amount, places=2):
    """Token units as decimals."""
    sign, amount = ("-" if amount < 0 else ""), abs(amount)
    text = f"{amount // 10**18:,}.{amount % 10**18:018d}"
    return sign + (text[:-(18 - places)] if places else text.split(".", maxsplit=1)[0])


def section(title):
    print()
    print(paint(f"━━ {title} " + "━" * (WIDTH - len(title) - 4), "bold"))
    print()


def title(story, seconds):
    n = len(story.claims)
    text = [f"{n} claims about what a neural network says, checked and disputed on a chain of their own",
            f"chain id {int(story.chain.call('eth_chainId'), 16)}, {len(story.txs)} transactions, {seconds} seconds from the first claim to the last verdict",
            f"model {story.model[:18]}…: {story.header['instructions']} instructions, "
            f"{story.header['cost']:,} scalar steps, a trace of up to {1 << story.header['traceDepth']:,} chunks"]
    print()
    print("┏" + "━" * (WIDTH - 2) + "┓")
    print("┃" + paint("  Gainsay".ljust(WIDTH - 2), "bold") + "┃")
    for line in text:
        print("┃  " + line.ljust(WIDTH - 4) + "┃")
    print("┗" + "━" * (WIDTH - 2) + "┛")


def claims(story, images):
    section("The claims")
    print("  #  posted by  image  digit  claimed   at stake    bond  sampled     verdict      outcome      posted was")
    for c in story.claims:
        verdict = c["verdict"] if c["sampled"] else "–"
        outcome, colour = {INVALID: ("INVALID", "red"), FINAL: ("final", "green")}.get(c["status"], ("open", "yellow"))
        if not c["right"] and c["status"] == FINAL:
            colour = "yellow"
        games = "".join(f" D{g['n']}" for g in c["games"])
        said = f"{c['claimed_digit']}" + ("" if c["claimed_digit"] == c["digit"] else " ✗")
        print(f"{c['n']:>3}  {c['who']:<9}  {c['image']:>5}  {c['digit']:>5}  {said:<7} {money(c['value'], 0):>10} {money(c['bond'], 1):>7}"
              f"  {SAMPLED[c['reason']]:<10}  {verdict:<11}  " +
              paint(f"{outcome + games:<11}", colour) + ("" if c["right"] else "  " + paint(c["kind"] or "wrong", "yellow")))
    stands = [c for c in story.claims if not c["right"] and c["status"] == FINAL]
    print()
    print("  Dn: fought over in dispute n, below. Amounts in the staking token.")
    for c in stands:
        if c["sampled"]:
            print(paint(f"  Claim {c['n']} is wrong, was sampled, and stands: this should not be.", "red"))
        else:
            print(paint(f"  Claim {c['n']} is wrong, but the validator did not sample it: it stands. "
                        f"At stake: {money(c['value'], 0)}.", "yellow"))
    example = next((c for c in story.claims if not c["right"] and c["claimed_digit"] != c["digit"] and c["sampled"]), None)
    if example and example["image"] in images:
        picture(example, images[example["image"]])


def picture(claim, pixels):
    section(f"What claim {claim['n']} was about")
    shades = " ░▒▓█"
    rows = ["".join(shades[min(4, round(p * 4))] * 2 for p in pixels[8 * r:8 * r + 8]) for r in range(8)]
    art = ["┌" + "─" * 16 + "┐"] + ["│" + row + "│" for row in rows] + ["└" + "─" * 16 + "┘"]
    score = [f"{'digit':>7}   {'the model says':<26}{claim['who'] + ' claimed':<26}"]
    for d in range(10):
        honest, said = (f"{s[d]:.6f} {'█' * round(s[d] * 14):<14}" for s in (claim["scores"], claim["claimed"]))
        differs = struct.pack("<f", claim["scores"][d]) != struct.pack("<f", claim["claimed"][d])
        score.append(f"{d:>7}   {honest:<26}" + paint(f"{said:<24}", "red" if differs else "dim"))
    for left, right in zip([" " * 18] + art, score):
        print(("   " + left + "  " + right).rstrip())


def bar(cells, chosen):
    """64 columns: agreed, chosen, not looked at; and where the chosen cell lies."""
    left = chosen * BAR // cells
    right = max(left + 1, (chosen + 1) * BAR // cells)
    return left, right, "·" * left + paint("█" * (right - left), "red") + "░" * (BAR - right)


def funnel(left, right):
    middle = (left + right - 1) // 2
    if middle == 0:
        return "├" + "─" * (BAR - 2) + "┐"
    if middle == BAR - 1:
        return "┌" + "─" * (BAR - 2) + "┤"
    return "┌" + "─" * (middle - 1) + "┴" + "─" * (BAR - middle - 2) + "┐"


def caption(what, cells, chosen, first, last, instruction):
    if what == "nodes":
        return f"node {chosen + 1} of {cells}", f"chunks {first}–{last}"
    if what == "chunks":
        return f"chunk {chosen + 1} of {cells}", f"chunk {first}"
    if what == "element":
        return f"value {chosen + 1} of {cells}", f"element {first}"
    if first == last:
        return f"stretch {chosen + 1} of {cells}", "output" if first == instruction.terms + 1 else f"sum s{first}"
    return f"stretch {chosen + 1} of {cells}", f"sums s{first}–s{last}"


def dispute(story, game):
    claim, who = game["claim"], game["claim"]["who"]
    won = {CHALLENGER_WON: game["challenger"], CLAIMANT_WON: who}.get(game["outcome"], "nobody")
    seconds = game["txs"][-1]["time"] - game["txs"][0]["time"]
    head = f"── Dispute {game['n']}: {game['challenger']} against claim {claim['n']} of {who} ({claim['kind'] or 'a right one'}) "
    tail = f" {len(game['txs'])} transactions, {seconds} s ──"
    print(paint(head + "─" * max(2, WIDTH - len(head) - len(tail)) + tail, "bold"))
    print()
    previous = None
    for what, cells, chosen, first, last in game["search"]:
        if previous:
            print(" " * 2 + paint(funnel(*previous), "dim"))
        left, right, line = bar(cells, chosen)
        text, where = caption(what, cells, chosen, first, last, game["instruction"])
        print(f"  {line}  {text:<16}{where:>16}")
        previous = (left, right)
    if game["step"]:
        step_box(story, game)
    ending(story, game, won)
    by_function = {}
    for t in game["txs"]:
        by_function.setdefault(t["function"] or "?", []).append(t["gas"])
    parts = [f"{f} {'+'.join(f'{(g + 500) // 1000}k' for g in gas)}" for f, gas in by_function.items()]
    total = sum(t["gas"] for t in game["txs"])
    wrap("gas  ", parts + [f"together {total:,}"])
    print()


def wrap(label, parts):
    line = "  " + label
    for i, part in enumerate(parts):
        piece = part + (" · " if i + 1 < len(parts) else "")
        if len(line) + len(piece.rstrip(" ·")) > WIDTH:
            print(paint(line.rstrip(), "dim"))
            line = " " * (2 + len(label))
        line += piece
    print(paint(line.rstrip(), "dim"))


def binary(bits, cls, width):
    text = f"{bits & ((1 << width) - 1):0{width}b}"
    if cls == "F" and width == 32:
        return f"{text[0]} {text[1:9]} {text[9:]}"
    return " ".join(text[i:i + 8] for i in range(0, width, 8))


def step_box(story, game):
    step, instruction = game["step"], game["instruction"]
    terms = f", {instruction.terms} terms" if instruction.fold else ""
    print()
    print(f"  One scalar operation is left. Instruction {instruction.number}: {'FOLD' if instruction.fold else 'MAP'} {instruction.name}"
          f" into {DTYPE_NAME[instruction.store]}[{instruction.shape()}]{terms}; element {step['element']}")
    cls, result = instruction.classes[0], formula(instruction, step)
    operands = list(step["operands"])
    if step["kind"] in ("body", "final"):
        operands.insert(0, ("a", step["before"], cls, f"sum s{step['number'] - 1}, agreed"))
    for letter, value, kind, where in operands:
        shown = f"{value:0{16 if kind == 'L' else 8}x}  {shortest(value, kind)}" if value is not None else "skipped"
        print(f"      {letter} = {shown:<34} {paint(where, 'dim')}")
    out_cls = instruction.store_class if step["kind"] in ("map", "final", "padding") else cls
    width = 8 * instruction.store_bytes if step["kind"] in ("map", "final", "padding") else 64 if cls == "L" else 32
    print(f"      {result}")
    claimed, computed = step["claimed"], step["computed"]
    texts = [binary(v, out_cls, width) for v in (claimed, computed)]
    for who, value, text, colour in ((game["claim"]["who"], claimed, texts[0], "red" if claimed != computed else "green"),
                                     ("judge", computed, texts[1], "green")):
        hexadecimal = f"{value:0{width // 4}x}"
        print(f"      {who:<9} {hexadecimal:<16} {text}  " + paint(shortest(value, out_cls) if width >= 32 else str(value), colour))
    marks = "".join("^" if a != b else " " for a, b in zip(*texts)).rstrip()
    print(f"      {'':<9} {'':<16} {marks}" if marks else "      The judge computes exactly what was claimed.")


def formula(instruction, step):
    store = f"as {DTYPE_NAME[instruction.store]}"
    epilogue = f" -> {instruction.epilogue_text()} -> " if instruction.epilogue else " -> "
    if step["kind"] == "padding":
        return "beyond the tensor's end everything is zero"
    if step["kind"] == "map":
        return f"{instruction.form}{epilogue}stored {store}"
    if step["kind"] == "init":
        return "s0 = a, where the sum starts"
    if step["kind"] == "body":
        return f"s{step['number']} = {instruction.form}"
    return f"output = a{epilogue}stored {store}"


def ending(story, game, won):
    claim, how = game["claim"], REASONS.get(game["reason"], "?")
    how = {"step": "the judge decided", "timeout": "the other side's clock ran out", "concession": "the other side gave up",
           "closed": "an earlier dispute has settled it"}[how] if how != "?" else "still open"
    honest = game["outcome"] == CLOSED or (game["outcome"] == CLAIMANT_WON) == claim["right"]
    print()
    print("  " + paint(f"{won} wins: {how}.", "green" if honest else "red"))
    for e in game["slashed"]:
        loser = game["claim"]["who"] if game["outcome"] == CHALLENGER_WON else game["challenger"]
        to = f"to {won}" if story.who(e["winner"]) == won else "into the pot, until the claim's other disputes are over"
        print(f"  {loser} loses {money(e['loss'])}: {money(e['gain'])} {to}, {money(e['burned'])} burned.")


def disputes(story):
    section("The disputes, as the search narrows")
    print(f"  · agreed   {paint('█', 'red')} first difference, looked into next   ░ not looked at")
    print()
    for game in story.games:
        dispute(story, game)


def gas(story):
    section("Gas")
    table = {}
    for t in story.txs:
        if t["contract"] in ("Disputes", "Claims", "Models") and t["function"]:
            table.setdefault((t["contract"], t["function"]), []).append(t)
    print(f"  {'call':<26}{'times':>7}{'least':>12}{'mean':>12}{'most':>12}{'together':>14}{'reverted':>10}")
    for (contract, function), txs in sorted(table.items(), key=lambda i: (i[0][0] != "Disputes", i[0][0], -sum(t["gas"] for t in i[1]))):
        used = [t["gas"] for t in txs]
        print(f"  {contract + '.' + function:<26}{len(txs):>7}{min(used):>12,}{sum(used) // len(used):>12,}{max(used):>12,}{sum(used):>14,}"
              f"{sum(not t['ok'] for t in txs):>10}")
    over = [sum(t["gas"] for t in g["txs"]) for g in story.games]
    if over:
        print(f"\n  A dispute, both sides together, costs {min(over):,} to {max(over):,}, {sum(over) // len(over):,} on average.")


def who_paid_whom(story):
    section("Who paid whom")
    slashes = [e for e in story.events if e["event"] == "Slashed"]
    print(f"  {'party':<16}{'':<11}{'before':>12}{'after':>12}{'won':>12}{'lost':>11}{'fees':>9}{'change':>12}")
    for party in story.parties:
        name = party["name"]
        before, after = (story.wealth(b, name) for b in (story.before, story.after))
        won = sum(e["gain"] for e in slashes if story.who(e["winner"]) == name) + story.prizes(name)
        lost = sum(e["loss"] for e in slashes if story.who(e["loser"]) == name)
        colour = "red" if after < before else "green" if after > before else None
        print(f"  {name:<16}{'honest' if party['honest'] else 'dishonest':<11}{money(before):>12}{money(after):>12}{money(won):>12}{money(lost):>11}"
              f"{money(story.fees(name)):>9}" + paint(f"{money(after - before):>12}", colour))
    print(f"  {'burned':<16}{'':<11}{'':>12}{'':>12}{money(sum(e['burned'] for e in slashes)):>12}")
    print(f"  {'pool of fees':<16}{'':<11}{'':>12}{'':>12}{money(story.paid(payee=story.chain.address['Duties'])):>12}")


def conclusion(story, numbers):
    section("In short")
    n = numbers
    stand = sum(not c["right"] and c["status"] == FINAL for c in story.claims)
    for line in (f"{n['claims']} claims, {n['wrong']} of them wrong. The validator sampled {n['wrong_sampled']} of the wrong ones and caught {n['caught']};",
                 f"{stand} that it did not sample, of little value, became final all the same.",
                 f"{n['games']} disputes: {n['challenger_wins']} won by the challenger, {n['claimant_wins']} by the claimant; {n['gas_total']:,} gas together.",
                 f"{money(n['slashed'])} slashed. Honest parties lost {money(n['honest_losses'])} of bond or stake (fees are what checking costs);",
                 f"what they paid and do not get back is gas for their moves: {n['honest_gas_unrefunded']:,}."):
        print("  " + line)


def draw(story, numbers, images, seconds):
    title(story, seconds)
    claims(story, images)
    disputes(story)
    gas(story)
    who_paid_whom(story)
    conclusion(story, numbers)
