"""`ingest.read_html` and `ingest.html_notes`."""

from pathlib import Path

import pytest

from ingest.document import Document
from ingest.read import read_bytes, read_file

SAMPLE = Path(__file__).parent.parent / "ingest" / "samples" / "tides.html"
PROSE = "Many words of real prose stand here in a row, so that nobody takes them for a prompt. " * 3


def read(text: str, name: str = "a-file.html") -> Document:
    return read_bytes(text.encode(), name=name, source=f"/{name}")


def parts(document: Document) -> list[tuple[str, str]]:
    return [(part.kind, document.text[part.start : part.end]) for part in document.parts]


def notes(document: Document) -> list[tuple[str, int, str]]:
    return [(n.label, len(n.markers), document.text[n.start : n.end]) for n in document.footnotes]


def test_the_sample_has_its_article_its_notes_and_no_clutter():
    document = read_file(SAMPLE)
    assert document.title == "Why the Sea Comes and Goes"
    assert document.text.startswith("Why the Sea Comes and Goes\n\nOn most coasts")
    assert [(n.label, len(n.markers)) for n in document.footnotes] == [(str(i), 1) for i in range(1, 15)]
    assert "↩" not in document.text
    left_out = " ".join(document.left_out)
    for words in (
        "We use cookies",
        "Subscribe",
        "Share by e-mail",
        "You may also like",
        "HarbourCat",
        "Terms of use",
    ):
        assert words in left_out
        assert words not in document.text


BODY = "<h1>T</h1><p>One.{0} Two.{1}</p>"
STYLES = {
    "sup and back-link": (
        '<sup><a href="#fn1" id="r1">1</a></sup>',
        '<a id="r2" href="#fn2"><sup>2</sup></a>',
        '<ol><li id="fn1">First. <a href="#r1">↩</a></li>'
        '<li id="fn2"><p>Second. <a href="#r2">↩</a></p></li></ol>',
    ),
    "word": (
        '<a href="#_ftn1" name="_ftnref1"><span>[1]</span></a>',
        '<a href="#_ftn2" name="_ftnref2">[2]</a>',
        '<div><hr><div id=ftn1><p><a href="#_ftnref1" name="_ftn1">[1]</a> First.</p></div>'
        '<div id=ftn2><p><a href="#_ftnref2" name="_ftn2">[2]</a> Second.</p></div></div>',
    ),
    "wikipedia": (
        '<sup id="cite_ref-1"><a href="#cite_note-1"><span>[</span>1<span>]</span></a></sup>',
        '<sup id="cite_ref-2"><a href="#cite_note-2">[2]</a></sup>',
        '<ol><li id="cite_note-1"><b><a href="#cite_ref-1">^</a></b> <span>First.</span></li>'
        '<li id="cite_note-2"><b><a href="#cite_ref-2">^</a></b> Second.</li></ol>',
    ),
    "roles": (
        '<a href="#n1" role="doc-noteref" id="m1">1</a>',
        '<a href="#n2" role="doc-noteref" id="m2">2</a>',
        '<section role="doc-endnotes"><h2>Notes</h2><aside id="n1"><p>First. <a href="#m1">↑</a></p></aside>'
        '<aside id="n2"><p>Second. <a href="#m2">↑</a></p></aside></section>',
    ),
    "substack": (
        '<a class="footnote-anchor" id="footnote-anchor-1" href="#footnote-1">1</a>',
        '<a class="footnote-anchor" id="footnote-anchor-2" href="#footnote-2">2</a>',
        '<div class="footnote"><a id="footnote-1" href="#footnote-anchor-1">1</a><p>First.</p></div>'
        '<div class="footnote"><a id="footnote-2" href="#footnote-anchor-2">2</a><p>Second.</p></div>',
    ),
    "docutils": (
        '<a href="#f1" id="i1" role="doc-noteref"><span>[</span>1<span>]</span></a>',
        '<a href="#f2" id="i2" role="doc-noteref"><span>[</span>2<span>]</span></a>',
        '<aside id="f1"><span><span>[</span><a href="#i1">1</a><span>]</span></span><p>First.</p></aside>'
        '<aside id="f2"><span><span>[</span><a href="#i2">2</a><span>]</span></span><p>Second.</p></aside>',
    ),
    "definitions": (
        '<sup><a href="#d1">1</a></sup>',
        '<sup><a href="#d2">2</a></sup>',
        '<dl><dt id="d1">1</dt><dd>First.</dd><dt id="d2">2</dt><dd>Second.</dd></dl>',
    ),
    "table": (
        '<sup><a href="#d1">1</a></sup>',
        '<sup><a href="#d2">2</a></sup>',
        '<table><tr id="d1"><td>1</td><td>First.</td></tr>'
        '<tr id="d2"><td>2</td><td>Second.</td></tr></table>',
    ),
    "one paragraph": (
        '[<a href="#d1">1</a>]',
        '[<a href="#d2">2</a>]',
        '<p><a id="d1">1.</a> First.<br><a id="d2">2.</a> Second.</p>',
    ),
    "saved with whole addresses": (
        '<sup><a href="https://x.org/p#fn1" id="r1">1</a></sup>',
        '<sup><a href="https://x.org/p#fn2" id="r2">2</a></sup>',
        '<p id="fn1">1. First. <a href="https://x.org/p#r1">↩</a></p><p id="fn2">2. Second.</p>',
    ),
    "easy footnotes": (
        '<span id="easy-footnote-1-12"></span><span class="easy-footnote">'
        '<a href="#easy-footnote-bottom-1-12" title="First."><sup>1</sup></a></span>',
        '<span id="easy-footnote-2-12"></span><span class="easy-footnote">'
        '<a href="#easy-footnote-bottom-2-12"><sup>2</sup></a></span>',
        '<div class="easy-footnote-title"><h4>Notes</h4></div><ol class="easy-footnotes-wrapper">'
        '<li class="easy-footnote-single"><span id="easy-footnote-bottom-1-12"></span>First.'
        '<a class="easy-footnote-to-top" href="#easy-footnote-1-12"></a></li>'
        '<li class="easy-footnote-single"><span id="easy-footnote-bottom-2-12"></span>Second.</li></ol>',
    ),
    "modern footnotes": (
        '<sup class="modern-footnotes-footnote"><a href="javascript:void(0)">1</a></sup>'
        '<span class="modern-footnotes-footnote__note">First.</span>',
        '<sup class="modern-footnotes-footnote"><a href="javascript:void(0)">2</a></sup>'
        '<span class="modern-footnotes-footnote__note">Second.</span>',
        "",
    ),
    "wordpress": (
        '<sup data-fn="a-1" class="fn"><a href="#a-1" id="a-1-link">1</a></sup>',
        '<sup data-fn="b-2" class="fn"><a href="#b-2" id="b-2-link">2</a></sup>',
        '<ol class="wp-block-footnotes"><li id="a-1">First. <a href="#a-1-link">↩︎</a></li>'
        '<li id="b-2">Second. <a href="#b-2-link">↩︎</a></li></ol>',
    ),
    "sidenotes": (
        '<label for="sn-1" class="margin-toggle sidenote-number"></label>'
        '<input type="checkbox" id="sn-1" class="margin-toggle"/><span class="sidenote">First.</span>',
        '<label for="sn-2" class="margin-toggle sidenote-number"></label>'
        '<input type="checkbox" id="sn-2" class="margin-toggle"/><span class="sidenote">Second.</span>',
        "",
    ),
    "pandoc": (
        '<a href="#fn1" class="footnote-ref" id="fnref1" role="doc-noteref"><sup>1</sup></a>',
        '<a href="#fn2" class="footnote-ref" id="fnref2" role="doc-noteref"><sup>2</sup></a>',
        '<section id="footnotes" role="doc-endnotes"><hr/><ol><li id="fn1"><p>First.'
        '<a href="#fnref1" role="doc-backlink">↩︎</a></p></li><li id="fn2"><p>Second.</p></li></ol></section>',
    ),
    "docutils with lists of back links": (
        '<a class="footnote-reference" href="#footnote-1" id="footnote-reference-1">[1]</a>',
        '<a class="footnote-reference" href="#footnote-2" id="footnote-reference-2">[2]</a>',
        '<aside id="footnote-1" role="doc-footnote"><span class="label">[1]</span><span class="backrefs">('
        '<a role="doc-backlink" href="#footnote-reference-1">1</a>,<a role="doc-backlink" '
        'href="#footnote-reference-2">2</a>)</span><p>First.</p></aside><aside id="footnote-2" '
        'role="doc-footnote"><span class="label">[2]</span><p>Second.</p></aside>',
    ),
    "superscripts and a list": (
        "<sup>1</sup>",
        "<sup>2</sup>",
        "<h2>Notes</h2><ol><li>First.</li>\n<li>Second.</li></ol>",
    ),
    "superscripts": (
        "<sup>1</sup>",
        "<sup>(2)</sup>",
        "<p><sup>1</sup> First.</p><p><sup>2</sup> Second.</p>",
    ),
    "brackets and a list": ("[1]", "[2]", "<h2>References</h2><ol><li>First.</li><li>Second.</li></ol>"),
    "no links": ("[1]", "[2]", "<h2>Notes</h2><p>[1] First.</p><p>[2] Second.</p>"),
}


@pytest.mark.parametrize("style", STYLES)
def test_notes_are_linked_in_every_usual_style(style):
    first, second, printed = STYLES[style]
    document = read(BODY.format(first, second) + printed)
    assert document.text == "T\n\nOne.[1] Two.[2]\n\n[1] First.\n\n[2] Second."
    assert notes(document) == [("1", 1, "First."), ("2", 1, "Second.")]


def test_a_note_marked_twice_has_two_markers_and_no_letters_of_its_back_links():
    document = read(
        '<p>A.<sup id="c-0"><a href="#n">[1]</a></sup> B.<sup id="c-1"><a href="#n">[1]</a></sup></p>'
        '<ol><li id="n">^ <a href="#c-0"><sup>a</sup></a> <a href="#c-1"><sup>b</sup></a> Text.</li></ol>'
    )
    assert document.text == "A.[1] B.[1]\n\n[1] Text."
    assert notes(document) == [("1", 2, "Text.")]


def test_a_note_has_several_paragraphs_and_may_cite_another():
    document = read(
        '<p>A.<a href="#_ftn1" name="_ftnref1">[1]</a> B.<a href="#_ftn2" name="_ftnref2">[2]</a></p>'
        '<div id=ftn1><p><a href="#_ftnref1" name="_ftn1">[1]</a> One.</p>'
        '<p>See <a href="#_ftn2">2</a>.</p></div>'
        '<div id=ftn2><p><a href="#_ftnref2" name="_ftn2">[2]</a> Two.</p></div>'
    )
    assert notes(document) == [("1", 1, "One.\n\nSee [2]."), ("2", 2, "Two.")]


def test_a_note_without_a_marker_is_kept_and_reported():
    document = read(
        '<p>A.<sup><a href="#n1">1</a></sup></p><ol><li id="n1">One.</li><li id="n2">Two.</li></ol>'
    )
    assert notes(document) == [("1", 1, "One."), ("2", 0, "Two.")]
    assert document.warnings == ("note [2] has no marker in the text",)


def test_a_marker_without_a_note_and_a_power_stay_text():
    assert read('<p>A<sup><a href="#no">[9]</a></sup> and x<sup>2</sup>.</p>').text == "A[9] and x2."


def test_lists_of_links_back_and_their_brackets_are_no_words_of_a_note():
    mark = '<p>One.<a id="m{0}" href="#n" class="footnote-reference">[1]</a> Two.</p>'
    back = '<a class="fn-backref" href="#m1">1</a>, <a class="fn-backref" href="#m2">2</a>'
    for note in (
        f'<table id="n"><tr><td>[1]</td><td><em>({back})</em> <p>The note.</p></td></tr></table>',
        f'<table id="n"><tr><td>[1]</td><td><em>({back})</em> The note.</td></tr></table>',
        f'<div id="n"><p>({back}) The note.</p></div>',
        '<div id="n"><p><a class="fn-backref" href="#m1">1</a>. The note.</p></div>',
    ):
        document = read(f"<h1>T</h1>{mark.format(1)}{mark.format(2)}{note}")
        assert notes(document) == [("1", 2, "The note.")]
        assert document.warnings == ()


def test_a_note_that_says_so_is_one_of_its_own_in_a_list_of_notes_with_a_marker_or_not():
    back = '<span>[<a role="doc-backlink" href="#m{0}">{0}</a>]</span>'
    note = f'<aside id="n{{0}}" role="doc-footnote">{back}<p>{{1}}</p></aside>'
    listed = (
        note.format(1, "The first.") + '<aside role="doc-footnote"><span>[2]</span><p>Unmarked.</p></aside>'
    )
    document = read(f'<p>One.<a id="m1" role="doc-noteref" href="#n1">[1]</a></p><aside>{listed}</aside>')
    assert notes(document) == [("1", 1, "The first."), ("2", 0, "Unmarked.")]
    assert document.warnings == ("note [2] has no marker in the text",)


def test_a_link_to_no_note_is_reported():
    document = read(
        '<p>A.<sup><a href="#n1">1</a></sup> B.<sup><a href="#n9">9</a></sup></p><p id="n1">1. One.</p>'
    )
    assert document.text == "A.[1] B.⁹\n\n[1] One."
    assert document.warnings == ("marker [9] has no note",)


POWERS = (
    "Built in 1743<sup>1</sup>, 10<sup>6</sup> saw it, 10<sup>−6</sup> did not, 1<sup>1</sup>⁄<sub>2</sub> h,"
    " 5 km<sup>2</sup>, the 19<sup>th</sup>, H<sub>2</sub>O, burned in 1801.<sup>2,3</sup>"
)


@pytest.mark.parametrize("marker", ["", '<a href="#n9"><sup>9</sup></a>'])
def test_a_raised_number_that_is_no_marker_does_not_go_on_with_the_number_before_it(marker):
    document = read(f'<p>{POWERS}{marker}</p><p id="n9"><sup>9</sup> Of 10<sup>3</sup> stones.</p>')
    said = "Built in 1743¹, 10⁶ saw it, 10⁻⁶ did not, 1¹⁄2 h, 5 km2, the 19th, H2O, burned in 1801.²,³"
    assert document.text.startswith(said)
    assert notes(document) == ([("9", 1, "Of 10³ stones.")] if marker else [])


def test_a_formula_keeps_its_powers_and_fractions_and_is_said_once():
    document = read(
        "<p>It is <math><semantics><mrow><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup>"
        "<mo>+</mo><mfrac><mn>1</mn><mn>2</mn></mfrac><msub><mi>x</mi><mn>0</mn></msub>"
        "<msubsup><mi>y</mi><mn>1</mn><mn>3</mn></msubsup></mrow>"
        '<annotation encoding="application/x-tex">E=mc^{2}</annotation></semantics></math>.</p>'
    )
    assert document.text == "It is E=mc^2+1/2x_0y_1^3."


def test_a_note_printed_as_paragraphs_has_those_up_to_the_next_note():
    text = '<p>A.<a href="#n1"><sup>1</sup></a> B.<a href="#n2"><sup>2</sup></a></p><h2>Notes</h2>{}'
    first, second = '<p id="n1">1. First.</p>', '<p id="n2">2. Second.</p>'
    further = "<p>It goes on.</p><blockquote>It quotes.</blockquote>"
    document = read(text.format(f"{first}\n{further}\n{second}"))
    assert notes(document) == [("1", 1, "First.\n\nIt goes on.\n\nIt quotes."), ("2", 1, "Second.")]
    assert document.text.startswith("A.[1] B.[2]\n\n[1] First.")
    for between in ("<h2>Two</h2><p>Text.</p>", "<hr><p>Text.</p>", "<p>Text.</p>" * 9, "<p>Text.</p>Loose."):
        found = read(text.format(f"{first}{between}{second}"))
        assert notes(found) == [("1", 1, "First."), ("2", 1, "Second.")]
        assert "Text." in found.text[: found.footnotes[0].start]


def test_text_with_a_marker_between_two_notes_is_text():
    document = read(
        '<p>A.<a href="#n1"><sup>1</sup></a></p><p id="n1">1. First.</p><p>Body.</p>'
        '<p>B.<a href="#n2"><sup>2</sup></a></p><p id="n2">2. Second.</p>'
    )
    assert document.text == "A.[1]\n\nBody.\n\nB.[2]\n\n[1] First.\n\n[2] Second."


def test_printed_notes_may_be_lines_of_one_paragraph():
    document = read(
        "<p>Built<sup>1</sup> by one, and burned in 1801.<sup>2</sup></p>"
        "<p>\n<sup>1</sup> By Weber.<br>\n<sup>2</sup> In the fire<br>of 1801.</p>"
    )
    assert notes(document) == [("1", 1, "By Weber."), ("2", 1, "In the fire of 1801.")]


def test_the_reading_of_a_japanese_word_is_no_text_and_a_full_line_breaks_no_word():
    document = read(
        "<p>これは<ruby>塩<rp>(</rp><rt>しお</rt><rp>)</rp></ruby>です。"
        "長い文\n  章が続く。春は<br>\n曙。</p>"
    )
    assert document.text == "これは塩です。長い文章が続く。春は 曙。"


def test_powers_and_lists_are_no_notes():
    page = "<p>An area of 4 m<sup>2</sup>, x<sup>1</sup>.</p><ol><li>First.</li><li>Second.</li></ol>"
    assert parts(read(page)) == [
        ("paragraph", "An area of 4 m2, x1."),
        ("item", "1. First."),
        ("item", "2. Second."),
    ]


@pytest.mark.parametrize(
    ("page", "items"),
    {
        "start and value": ('<ol start="4"><li>a</li><li value="9">b</li><li>c</li></ol>', "4. a/9. b/10. c"),
        "letters": ('<ol type="A"><li>a</li></ol><ol type=a start=27><li>b</li></ol>', "A. a/aa. b"),
        "roman": ('<ol type="i"><li>a</li></ol><ol type="I" start=9><li>c</li></ol>', "i. a/IX. c"),
        "by style": ('<ol style="margin: 0; list-style-type: lower-roman"><li>a</li></ol>', "i. a"),
        "no numbers": ('<ol style="list-style: none inside"><li>a</li></ol><ul><li>b</li></ul>', "a/b"),
        "reversed": ("<ol reversed><li>a</li><li>b</li></ol>", "2. a/1. b"),
        "nested": ("<ol><li>a<ol type=a><li>b</li></ol></li><li>c</li></ol>", "1. a/a. b/2. c"),
        "both begin": ("<ol><li><ol type=a><li>a</li><li>b</li></ol></li></ol>", "1. a. a/b. b"),
        "empty": ("<ol><li></li><li>b</li><li> </li></ol><p>c</p>", "2. b/c"),
        "deep": ("<ol><li><section><p>a</p><p>b</p></section></li><li>c</li></ol>", "1. a/b/2. c"),
        "its own": ("<ol><li>1. a</li><li>(2) b</li><li>3.5 c</li></ol>", "1. a/(2) b/3. 3.5 c"),
        "empty before text": ("<ol><li></li></ol>Bare text<p>c</p>", "Bare text/c"),
        "empty before an element": ("<ol><li></li><li><img></li></ol><b>Bold</b> text", "Bold text"),
        "empty inside": ("<ol><li>a<ol><li></li></ol>b</li><li>c</li></ol>", "1. a/b/2. c"),
        "boxed": ("<ol><div><li>a</div><li>b</li><b><div><li>c</div></b></ol>", "1. a/2. b/3. c"),
        "boxed, reversed": ("<ol reversed><p><li>a<div><li>b<ol><li>c</ol></div></ol>", "2. a/1. b/1. c"),
        "bullets in boxes": ("<ol><li>a<ul><div><li>b</li></div></ul></li></ol>", "1. a/b"),
        "leading zeros": ('<ol style="list-style: decimal-leading-zero"><li>a</li></ol>', "01. a"),
        "another style": ('<ol style="--list-style: none; x-list-style:none"><li>a</li></ol>', "1. a"),
        "style around": ('<div style="list-style: none"><ol><li>a</li></ol></div>', "1. a"),
        "own sign": ("<ol style=\"list-style-type:'- '\"><li>a</li></ol>", "a"),
        "bullets": ("<ol type=disc><li>a</li></ol><ol type=Circle><li>b</li></ol>", "a/b"),
        "no item": ('<ol><li style="display:inline">a</li><li style="display: list-item">b</ol>', "a/2. b"),
        "bare class": ('<ol class="x list-unstyled"><li>a</ol><ol class="list-none"><li>b</ol>', "a/b"),
        "lines of code": ("<ol><li><code>a</code></li><li> <p><code>b</code></p></li></ol>", "a/b"),
        "code in a list": ("<ol><li><code>a</code> b</li><li><code>c</code></li></ol>", "1. a b/2. c"),
        "code block": ("<ol><li><pre>a</pre></li><li>b</li></ol>", "a/2. b"),
        "numbered lines": ('<ol class="linenums"><li>a</ol><pre><ol><li>b</ol></pre>', "a/b"),
        "beside notes": ('<p>x<sup><a href="#n">1</a></sup></p><ol><li>a</li></ol><p id=n>Y', "x[1]/1. a/Y"),
    }.values(),
)  # fmt: skip
def test_items_of_ordered_lists_have_their_numbers(page, items):
    assert "/".join(text for _, text in parts(read(page))) == items


def test_the_terms_of_a_list_of_definitions_are_told_from_what_defines_them():
    document = read("<dl><dt>kerf<dd>The width.<dt><p>jig</p><dd><p>A frame.</p><ul><li>of wood</ul></dl>")
    assert [kind for kind, _ in parts(document)] == ["term", "item", "term", "item", "item"]
    assert document.text == "kerf\nThe width.\njig\nA frame.\nof wood"
    printed = read("<p>A.[1] B.[2]</p><dl><dt>[1]<dd>First.<dt>[2]<dd>Second.</dl>")
    assert notes(printed) == [("1", 1, "First."), ("2", 1, "Second.")]


@pytest.mark.timeout(10)  # of every start in the style to its end, for every item anew, it took minutes
def test_a_long_style_of_a_list_is_read_at_once():
    items = "<li>a</li>" * 200
    assert read(f'<ol style="{"list-style:" * 4000}">{items}</ol>').text.endswith("200. a")


def test_the_number_of_an_item_is_no_marker_of_the_notes_behind_it():
    document = read("<p>A.<sup>1</sup> B.<sup>2</sup></p><ol><li>Oil it.</li></ol><p>C.</p><h3>Notes</h3>"
                    "<ol><li>One.</li><li>Two.</li></ol>")  # fmt: skip
    assert document.text == "A.[1] B.[2]\n\n1. Oil it.\n\nC.\n\n[1] One.\n\n[2] Two."
    assert notes(document) == [("1", 1, "One."), ("2", 1, "Two.")]


def test_an_item_of_several_paragraphs_is_one_note():
    document = read(
        "<p>A.<sup>1</sup> B.<sup>2</sup></p><h3>Notes</h3>"
        "<ol><li><p>One.</p><p>More.</p></li><li>Two.</li></ol>"
    )
    assert notes(document) == [("1", 1, "One.\n\nMore."), ("2", 1, "Two.")]


def test_an_unnumbered_note_in_the_margin_has_a_name():
    document = read(
        '<p>A<label class="margin-toggle">⊕</label><input/><span class="marginnote">B.</span></p>'
    )
    assert document.text == "A[margin-1]\n\n[margin-1] B."


def test_a_note_inside_a_note_is_said_once():
    document = read(
        '<p>A.<sup><a href="#n1">1</a></sup></p><ol><li id="n1">One.<sup><a href="#n2">2</a></sup>'
        '<ol><li id="n2">Two.</li></ol></li></ol>'
    )
    assert document.text == "A.[1]\n\n[1] One.[2]\n\n[2] Two."


@pytest.mark.parametrize(
    "said",
    [
        "hidden",
        'style="display:none"',
        'style="color: red; DISPLAY : none !important"',
        "style='visibility: hidden'",
    ],
)
def test_what_a_page_does_not_show_is_left_out_and_reported(said):
    document = read(f"<p>{PROSE}</p><p {said}>It is free of charge.</p>")
    assert document.text == PROSE.strip()
    assert document.left_out == ("It is free of charge.",)


def test_a_formula_that_a_page_shows_as_an_image_is_kept():
    formula = "<math><mi>E</mi><mo>=</mo><mi>m</mi></math>"
    hidden = (
        f'<span class="mwe-math-mathml-a11y" style="display: none;">{formula}</span><img aria-hidden="true">'
    )
    document = read(
        f"<p>{PROSE}</p><p>So {hidden} holds.</p><p>{formula.replace('>', ' style=display:none>', 1)}</p>"
    )
    assert document.text.endswith("So E=m holds.\n\nE=m")
    assert document.left_out == ()


def test_a_style_that_shows_an_element_hides_nothing():
    document = read(
        f'<p>{PROSE}</p><p style="display: block; border-display: none">It is free of charge.</p>'
    )
    assert document.text.endswith("It is free of charge.")


def test_a_section_named_by_its_own_heading_is_kept():
    document = read(f'<section id="comments"><h2>2.16 Comments</h2><p>Yes.</p></section><p>{PROSE}</p>')
    assert document.text.startswith("2.16 Comments\n\nYes.")
    assert document.left_out == ()


@pytest.mark.parametrize("wrapper", ["section", 'div class="section"', 'section class="level2"'])
def test_a_section_that_a_generator_named_is_kept_and_a_sites_comments_are_not(wrapper):
    tag = wrapper.split()[0]
    mine = f'<{wrapper} id="comments"><h2>2.16 Comments</h2><p>They begin with dots.</p></{tag}>'
    sites = '<section id="comments" class="comments-area"><h2>Comments</h2><p>First!</p></section>'
    document = read(f"<h1>T</h1><p>{PROSE}</p>{mine}{sites}")
    assert "They begin with dots." in document.text
    assert document.left_out == ("Comments First!",)


def test_a_subscript_is_no_subscription_and_a_list_of_contents_no_text():
    contents = '<div class="contents topic"><p>Contents</p><ul><li><a href="#w">Water</a></li></ul></div>'
    prompt = '<p class="subscribe">Subscribe now</p>'
    document = read(
        f'<h1>T</h1>{contents}<p>H<span class="subscript">2</span>O is water.</p>{prompt}<p>{PROSE}</p>'
    )
    assert "H2O is water." in document.text
    assert document.left_out == ("Contents Water", "Subscribe now")


def test_paragraph_numbers_that_link_to_their_paragraph_are_left_out_and_told():
    page = '<h1>T</h1><a href="#p1"><b>1</b></a> <p id="p1">Salt was money.</p><p>See <a href="#p1">1</a></p>'
    assert read(page).text == "T\n\n1\n\nSalt was money.\n\nSee 1"
    document = read(page.replace("<a", "<label><a", 1).replace("</a>", "</a></label>", 1))
    assert document.text == "T\n\nSalt was money.\n\nSee 1"
    assert document.left_out == ("1",)


def test_space_before_a_rows_first_cell_is_no_cell():
    document = read("<p>x</p><table><tr>\n<td>a</td>\n<td>b</td>\n</tr><tr>\n<td></td>\n</tr></table>")
    assert parts(document)[1:] == [("row", "a | b")]


def test_numbered_links_to_sections_are_no_notes():
    page = '<ul><li><a href="#s1">1</a></li></ul><h2 id="s1">One</h2><p>Words.</p>'
    assert parts(read(page)) == [("item", "1"), ("heading", "One"), ("paragraph", "Words.")]


def test_a_link_inside_a_note_keeps_its_words():
    page = '<p id="s">A.<sup><a href="#n1" id="r">1</a></sup></p><h2 id="x">X</h2><p>w</p>'
    document = read(page + '<p id="n1">1. See <a href="#x">part X</a>. <a href="#r">back</a></p>')
    assert notes(document) == [("1", 1, "See part X.")]


def test_clutter_is_left_out_and_reported():
    document = read(
        f"<nav>Home</nav><div class='share-buttons'>Tweet</div><p>{PROSE}</p><aside>More like this</aside>"
        "<form>Your mail</form><footer>Imprint</footer><script>bad()</script>"
    )
    assert document.text == PROSE.strip()
    assert document.left_out == ("Home", "Tweet", "More like this", "Your mail", "Imprint")


@pytest.mark.parametrize(
    "page",
    [
        f"<section id='related-work'><p>{PROSE}</p></section><p>End.</p>",
        f"<aside><p>{PROSE}</p></aside><p>{PROSE}</p>",
        f"<form id='aspnetForm'><p>{PROSE}</p></form>",
        f"<div class='modal'><p>{PROSE}</p></div>",
        f"<article><p>{PROSE}</p></article><article><p>{PROSE}</p></article>",
        f"<article><div id='comments'><p>{PROSE}</p></div></article>",
    ],
)
def test_prose_is_kept_whatever_its_element_is_called(page):
    document = read(page)
    assert document.text.count("Many words") == page.count("Many words")
    assert document.left_out == ()


def test_what_stands_beside_the_article_is_reported_and_its_title_kept():
    document = read(
        f"<body>Lead <h1>The Thing</h1><article><p>{PROSE}</p></article> tail <p>After.</p></body>"
    )
    assert document.title == "The Thing"
    assert document.text == f"The Thing\n\n{PROSE.strip()}"
    assert document.left_out == ("Lead", "tail", "After.")


def test_of_several_short_articles_each_is_kept():
    document = read(
        "<main><h1>Blog</h1><article><h2>A</h2><p>One.</p></article><article><p>Two.</p></article></main>"
    )
    assert [text for _, text in parts(document)] == ["Blog", "A", "One.", "Two."]


def test_the_title_is_the_articles_then_the_cards_then_the_pages():
    og = "<meta property='og:title' content='Card'><title>Page | Site</title>"
    assert read(f"<head>{og}</head><article><h1>Head</h1><p>x</p></article>").title == "Head"
    assert read(f"<head>{og}</head><article><h1><img></h1><p>x</p></article>").title == "Card"
    assert read("<title>Page | Site</title><p>x</p>").title == "Page | Site"


def test_markup_written_as_text_is_text_and_code_keeps_its_lines():
    document = read("<p>&lt;script&gt;alert(1)&lt;/script&gt; &amp;amp;</p><pre>a\n  b</pre>")
    assert document.text == "<script>alert(1)</script> &amp;\n\na\n  b"


def test_tables_lists_and_loose_text_keep_their_order():
    document = read(
        "loose<table><tr><th>a</th><th>b</th></tr><tr><td><p>1</p></td><td></td></tr></table>"
        "<ul><li>i<ul><li>j</li></ul>k</li></ul><p>x<b>y</b>z<br>w<p>unclosed"
    )
    assert parts(document) == [
        ("paragraph", "loose"),
        ("row", "a | b"),
        ("row", "1"),
        ("item", "i"),
        ("item", "j"),
        ("item", "k"),
        ("paragraph", "xyz w"),
        ("paragraph", "unclosed"),
    ]


def test_a_layout_table_is_paragraphs_and_two_line_breaks_part_them():
    document = read(f"<table><tr><td><h1>T</h1>{PROSE}<br>a <br> <br>b</td></tr></table>")
    assert parts(document) == [("title", "T"), ("paragraph", f"{PROSE}a"), ("paragraph", "b")]


@pytest.mark.parametrize("tag", ["div", "b", "blockquote"])
def test_nesting_has_no_limit(tag):
    assert read(f"<{tag}>" * 3000 + "<p>deep words").text == "deep words"


@pytest.mark.heavy
@pytest.mark.timeout(60)
@pytest.mark.parametrize("tag", ["div", "blockquote", "ul><li", "b", "x/"])
def test_a_hundred_thousand_levels_are_read_in_seconds(tag):
    """The parser alone takes four times as long for twice the `div`s, 2 s for 40,000."""
    document = read("<p>First.</p>" + f"<{tag}>" * 100_000 + "<p>deep words</p>")
    assert document.text.startswith("First.")
    assert document.text.endswith("deep words")


def test_blocks_that_nest_too_deep_are_still_parted():
    assert read("<div>" * 600 + "a<div>b</div>c").text == "a\n\nb\n\nc"


@pytest.mark.timeout(60)
def test_a_long_text_without_a_full_stop_is_read_in_a_moment():
    assert read(f"<aside>{'word ' * 2000}</aside><p>{PROSE * 60}</p>").left_out == (("word " * 2000).strip(),)


def test_xhtml_may_close_an_empty_title_at_once():
    page = '<?xml version="1.0" encoding="iso-8859-2"?><html><head><title/></head><body>Łódź</body></html>'
    assert read_bytes(page.encode("iso-8859-2"), name="a.xhtml", source="a").text == "Łódź"


def test_two_thousand_notes_are_read_in_a_moment():
    marks = "".join(f'<p>W.<sup><a href="#n{i}">{i}</a></sup></p>' for i in range(2000))
    document = read(marks + "".join(f'<p id="n{i}">{i}. N.</p>' for i in range(2000)))
    assert len(document.footnotes) == 2000


def test_a_character_that_is_not_utf_8_is_shown_and_reported():
    page = b'<meta charset="utf-8">' + "<p>Der Müller ging früh über die Brücke.</p>".encode() * 9
    document = read_bytes(page + b"<p>Ren\xe9 kam auch.</p>", name="a.html", source="/a.html")
    assert document.text.endswith("Ren\ufffd kam auch.")
    assert document.warnings == (
        "1 character is damaged or in another encoding than the rest, and shown as \ufffd",
    )
