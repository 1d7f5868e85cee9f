#!/bin/bash
# The page that 'gainsay sim --report' writes: well-formed for two parsers that are not ours, nothing in it asks for anything outside, every number of
# --json stands in it, hostile text stays text, and the same sweep gives the same bytes.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=tests/support/check.sh
source tests/support/check.sh
gainsay=${GAINSAY_BUILD:-build}/gainsay
[[ -x $gainsay ]] || { echo "$gainsay is not built"; exit 1; }

cat >"$work/check.py" <<'PY'
"""check.py PAGE JSON WHAT...: prints what is wrong; WHAT are words about the page (see below)"""
import html.parser, json, math, re, sys
import xml.etree.ElementTree as tree

page, wanted = open(sys.argv[1], encoding="utf-8").read(), json.load(open(sys.argv[2]))
bad = []


def need(condition, text):
    if not condition:
        bad.append(text)


root = tree.fromstring(page)  # expat
X, S = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/2000/svg}"


class Tags(html.parser.HTMLParser):
    """What an HTML parser sees: elements opened and closed in order, their attributes, text."""
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.seen, self.attributes, self.text = [], [], [], []

    def handle_starttag(self, tag, attributes):
        self.seen.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.seen.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]

    def handle_endtag(self, tag):
        need(self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}")
        if self.open:
            self.open.pop()

    def handle_data(self, data):
        self.text.append(data)


tags = Tags()
tags.feed(page)
tags.close()
need(not tags.open, f"never closed: {tags.open}")
text = "".join(tags.text)

# Nothing from outside, nothing that runs.
allowed = {"html", "head", "meta", "title", "style", "body", "main", "section", "p", "h1", "h2", "h3", "div", "dl", "dt", "dd", "code", "pre",
           "figure", "figcaption", "b", "br", "svg", "desc", "path", "rect", "circle", "text", "details", "summary", "table", "thead",
           "tbody", "tr", "th", "td", "ul", "li", "input", "label", "span"}
need(set(tags.seen) <= allowed, f"elements: {set(tags.seen) - allowed}")
for tag, name, value in tags.attributes:
    need(not name.startswith("on") and name not in ("href", "src", "srcset", "action", "data", "xlink:href"), f"{tag} has {name}")
    if "://" in (value or ""):
        need(name == "xmlns" and value in (X[1:-1], S[1:-1]), f"{tag} {name}={value}")
    need("url(" not in (value or ""), f"{tag} {name}={value}")
style = root.find(f"{X}head/{X}style").text
need("url(" not in style and "@import" not in style and "://" not in style and not set(style) & set("&<"), "the style sheet asks for something")
need("prefers-color-scheme:dark" in style and "@media print" in style, "no dark or no paper")
need("default-src 'none'" in page, "no policy")

# Every picture can be read without eyes.
ids = [e.get("id") for e in root.iter() if e.get("id")]
need(len(ids) == len(set(ids)), "an id twice")
pictures = list(root.iter(f"{S}svg"))
for svg in pictures:
    named = svg.get("aria-labelledby", "").split()
    need(svg.get("role") == "img" and len(named) == 2 and set(named) <= set(ids), "a picture without a name")
    need(svg.find(f"{S}title").text and len(svg.find(f"{S}desc").text) > 5, "an empty title or description")
    width, height = map(float, svg.get("viewBox").split()[2:])
    for e in svg.iter():
        for number in re.findall(r"nan|inf", " ".join(e.attrib.values())):
            need(False, f"{number} in a picture")
        if e.tag == f"{S}rect":
            x, y, w, h = (float(e.get(k)) for k in ("x", "y", "width", "height"))
            need(x >= 0 and y >= -0.01 and w >= 0 and h >= 0 and x + w <= width + 0.5 and y + h <= height + 0.5, f"a part outside: {e.attrib}")
        if e.tag == f"{S}text":
            size = 7.6 * len(e.text or "")
            x = float(e.get("x")) - {"start": 0, "middle": size / 2, "end": size}[e.get("text-anchor")]
            need(x >= -1 and x + size <= width + 24, f"text outside: {e.text}")

# The numbers. A table under each picture, or under the next one.
rows = {}
for tr in root.iter(f"{X}tr"):
    if tr.get("data-metric"):
        cells = [td for td in tr.findall(f"{X}td")]
        numbers = [(float(td.get("data-value")) if td.get("data-value") else None, td.text) for td in cells if td.get("class") != "text"]
        rows[(int(tr.get("data-point")), tr.get("data-metric"))] = (numbers, [td.text for td in cells])


def same(a, b):
    return a is None and b is None or a is not None and b is not None and (a == b or math.isclose(a, b, rel_tol=1e-15))


closed = 0
for number, point in enumerate(wanted["points"]):
    for name, m in point["metrics"].items():
        if m["observations"] == 0:
            continue
        if (number, name) not in rows:
            bad.append(f"point {number}: {name} is missing")
            continue
        numbers, texts = rows[(number, name)]
        told = numbers[len(wanted["points"][0]["values"]):]
        for value, (got, shown) in zip((m["observations"], m["mean"], m["low"], m["high"]), told):
            need(same(got, value), f"point {number}, {name}: {got} instead of {value}")
            if wanted["units"][name] in ("number", "money") and value != m["observations"]:
                need(shown == "%.4g" % value, f"point {number}, {name}: shown as {shown}, is {value}")
            if wanted["units"][name] == "share" and value != m["observations"]:
                need(shown == "%.4g %%" % (value * 100), f"point {number}, {name}: shown as {shown}, is {value}")
        if m["closed_form"] is not None:
            closed += 1
            need(len(told) > 4 and same(told[4][0], m["closed_form"]), f"point {number}, {name}: another closed form")
need(len(rows) == sum(m["observations"] > 0 for p in wanted["points"] for m in p["metrics"].values()), "rows that --json does not have")
bins = [[(int(tr.get("data-bin")), int(tr.findall(f"{X}td")[2].get("data-value"))) for tr in f.iter(f"{X}tr") if tr.get("data-bin")]
        for f in root.iter(f"{X}figure")]
for shown in filter(None, bins):
    need(any([(i, n) for i, n in enumerate(m["histogram"]["bins"]) if n] == shown for p in wanted["points"]
             for m in p["metrics"].values() if "histogram" in m), "a histogram that is none of --json's")
verdict = next(e for e in root.iter() if e.get("data-violations"))
need(int(verdict.get("data-violations")) == wanted["violations"], "another number of violations")
for fact in (wanted["digest"], wanted["version"], str(wanted["seed"]), str(wanted["runs"]), wanted["question"]):
    need(fact in text, f"'{fact}' is missing")
for name in wanted["parameters"]:
    need(name in text, f"parameter {name} is missing")

# One run to be gone through: dots in order, one of them chosen, each with its step behind it, and ways back and forward.
stepper = next((e for e in root.iter(f"{X}div") if e.get("class") == "stepper"), None)
parts = list(stepper) if stepper is not None else []
dots, steps = parts[0::2], parts[1::2]
need(all(e.tag == f"{X}input" and e.get("type") == "radio" and e.get("name") == "step" for e in dots), "a dot that is none")
need(len(dots) == len(steps) and all(e.tag == f"{X}div" and e.get("class") == "step" for e in steps), "a step without a dot")
need([e.get("id") for e in dots] == [f"step{i + 1}" for i in range(len(dots))], "dots out of order")
need([e.get("checked") for e in dots] == ["checked"] + [None] * (len(dots) - 1) or not dots, "not the first one is chosen")
seconds = [int(e.find(f"{X}p/{X}b").text.removesuffix(" s")) for e in steps]
need(seconds == sorted(set(seconds)), f"seconds: {seconds}")
for number, e in enumerate(steps, 1):
    ways = [l.get("for") for l in e.iter(f"{X}label")]
    need(ways == [f"step{n}" for n in (number - 1, number + 1) if 1 <= n <= len(steps)], f"step {number} leads to {ways}")
    need(len(e.findall(f"{X}ul/{X}li")) > 0, f"step {number} is empty")
stands = sum(len(list(e.iter(f"{X}tr"))) for e in steps)

kinds = {"steps": len(steps), "stands": stands, "bands": page.count('class="band"'), "curves": page.count('class="curve"'), "edges": page.count('class="edge"'),
         "whiskers": page.count('class="whisker"'), "rings": page.count('class="expected"'), "bins": len(list(filter(None, bins))),
         "pictures": len(pictures), "closed": closed, "bad": page.count('class="verdict bad"')}
for word in sys.argv[3:]:
    name, least = word.split("=") if "=" in word else (word, "1")
    need(kinds[name] >= int(least) if int(least) else kinds[name] == 0, f"{kinds[name]} {name}")
print("\n".join(bad[:8]))
sys.exit(1 if bad else 0)
PY

page() { # NAME STATUS WHAT... -- ARGUMENTS
	local name=$1 status=$2 what=() got
	shift 2
	while [[ $1 != -- ]]; do
		what+=("$1")
		shift
	done
	"$gainsay" sim "${@:2}" --report "$work/$name.html" --json >"$work/$name.json" 2>"$work/$name.err"
	got=$?
	check "$name: exit $got, $(<"$work/$name.err")" $((got != status))
	/usr/bin/python3 "$work/check.py" "$work/$name.html" "$work/$name.json" "${what[@]}" >"$work/$name.wrong" 2>&1
	check "$name: $(<"$work/$name.wrong")" $?
	xmllint --noout --nonet "$work/$name.html" 2>/dev/null
	check "$name: libxml2 does not take it" $?
}

cat >"$work/economy.yaml" <<'END2'
question: What do claims earn?
engine: economy
runs: 16
claims: 200
cheats.share: 30 %
show: [detection, profit]
END2
e=$work/economy.yaml
page alone 0 steps=0 whiskers rings bins closed -- "$e"
page line 0 bands curves bins closed -- "$e" --sweep validators.rate=0.01,0.05,0.2,0.1,0.9
page log 0 bands -- "$e" --sweep cheats.gain=1,10,100,1000,10000
page seconds 0 bands -- "$e" --sweep terms.window=3600,86400,172800
page named 0 whiskers -- "$e" --sweep cheats.defence=play,concede,silent
page map 0 bands edges curves -- "$e" --sweep games.burn=0.05,0.5,1 --sweep validators.rate=0.02,0.1,0.3,0.5
page wide 0 edges bands=0 -- "$e" --runs 2 --set claims=20 --sweep games.burn=0.05,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9,1 --sweep validators.rate=0.02,0.04,0.06,0.08,0.1,0.12,0.14,0.16,0.18,0.2,0.22,0.24,0.26,0.3,0.5,0.6
page solid 0 pictures=30 -- "$e" --runs 2 --sweep cheats.share=0.1,0.5 --sweep games.burn=0.5,1 --sweep validators.rate=0.1,0.5
page games 0 whiskers bins steps=3 -- games --runs 60
page nodes 0 steps=20 stands=100 -- everyday --runs 4
trace=$("$gainsay" sim replay "$(sed -n 's/.*One run, step by step.*Seed \([0-9]*\).*/\1/p; s/^<p class="note">Seed \([0-9]*\).*/\1/p' "$work/nodes.html" | head -1)" everyday --trace | sed '/^$/,$d')
check "its lines are those of the trace" "$(cmp -s <(sed -n 's/^<li[^>]*>\(.*\)<\/li>$/\1/p' "$work/nodes.html") <(echo "$trace" | cut -c11- | sed "s/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/'/\&#39;/g"); echo $?)"
page planted 0 bad=0 -- planted-defects --runs 30
page violated 1 bad -- games --runs 60 --set plant=burn
page constant 0 bands -- "$e" --set cheats.share=0 --sweep validators.rate=0.1,0.2

# Hostile words.
cat >"$work/hostile.yaml" <<'END2'
question: "</title><script>alert('1')</script> & \"quoted\" 'too' ]]> <!-- \u0085 é 漢 😀 {0} %s %n"
about: "<img src='http://example.org/x.png' onerror=\"x()\"> &lt; &#60; javascript:"
engine: games
runs: 4
END2
page hostile 0 -- "$work/hostile.yaml"
check "the words are kept" "$(grep -q "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;quoted&quot;" "$work/hostile.html" && grep -q '漢 😀 {0} %s %n' "$work/hostile.html"; echo $?)"

# The check itself can fail.
broken() { # WHAT SED-EXPRESSION
	sed "$2" "$work/line.html" >"$work/broken.html"
	! /usr/bin/python3 "$work/check.py" "$work/broken.html" "$work/line.json" >/dev/null 2>&1 && ! cmp -s "$work/line.html" "$work/broken.html"
	check "$1 is not noticed" $?
}
broken "a wrong number" '0,/data-metric="detection"/s/\(data-metric="detection".*data-value="0\.[0-9]*\)[0-9]"/\1x"/; s/data-value="3/data-value="4/'
broken "a picture from elsewhere" 's/<h1>/<h1 style="background:url(x)">/'
broken "a script" 's/<h1>/<script><\/script><h1>/'
broken "an open element" 's/<\/figcaption>//'
broken "a missing row" '/data-metric="detection"/d'

# The same bytes, whatever the number of processes; nothing half written.
"$gainsay" sim "$e" --sweep validators.rate=0.1,0.2 --threads 1 --report "$work/one.html" >/dev/null 2>&1
cp "$work/one.html" "$work/first.html"
"$gainsay" sim "$e" --sweep validators.rate=0.1,0.2 --threads 2 --report "$work/one.html" >/dev/null 2>&1
cmp -s "$work/one.html" "$work/first.html"
check "the same sweep gives another page" $?
mkdir "$work/folder"
"$gainsay" sim games --runs 2 --report "$work/folder" >/dev/null 2>"$work/err"
got=$?
check "a folder: $(<"$work/err")" $((got != 1 || $(grep -c '' "$work/err") != 1 || $(ls "$work"/folder.new 2>/dev/null | wc -l) != 0))
"$gainsay" sim games --runs 2 --report "$work/none/page.html" >/dev/null 2>"$work/err"
got=$?
check "no folder: $(<"$work/err")" $((got != 1 || $(grep -c 'none/page.html' "$work/err") != 1))
finish
