"""What the checks of pages find: each planted fault, and nothing in a page without one."""

import pytest

STYLE = """
body { margin: 20px; font: 16px/1.5 sans-serif; color: #222; background: #fff }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #111 } }
:root { color-scheme: light dark }
:focus-visible { outline: 2px solid #06c }
a { color: inherit }
.skip { position: absolute; top: -50px }
.skip:focus { top: 0 }
.told::after { content: "told"; color: #ccc }
.sign::after { content: "↕"; color: #949494 }
"""
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<style>{}</style></head><body><main><h1>A page</h1>{}</main></body></html>"""

SOUND = """
<a class="skip" href="#second">Skip</a>
<h2>First</h2><h3>Below</h3><h2 id="second">Second</h2>
<p>Some <b>words</b>, <a href="#second">a link</a>, x<sup>2</sup> and more.</p>
<img alt="" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" width="40" height="20">
<table><caption>Two</caption><tr><th scope="col">a</th><th scope="col">b</th></tr>
<tr><th scope="row">1</th><td>2</td></tr></table>
<label>Height <input type="range"></label> <button>Go</button>
<select aria-label="Map"><option>z</option></select>
<div style="overflow: auto; width: 200px"><div style="width: 900px; white-space: nowrap">Much that
scrolls by itself, and lies beyond what is seen of it. <button>Far</button></div></div>
<div style="height: 2000px"></div><button>Last</button>
"""


@pytest.fixture
def of(open_page):
    """Open a page without a fault, and a snippet in it."""
    return lambda snippet, **options: open_page(PAGE.format(STYLE, snippet), width=800, **options)


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_a_page_without_a_fault_passes(
    of, contrast_faults, layout_faults, structure_faults, unnamed, tab_faults, color_scheme
):
    """No check finds anything in a page where nothing is wrong."""
    page = of(SOUND, color_scheme=color_scheme)
    assert contrast_faults(page) == []
    assert layout_faults(page) == []
    assert structure_faults(page) == []
    assert unnamed(page) == []
    assert tab_faults(page) == []


def test_faint_texts_are_found(of, contrast_faults):
    """Ratios are those of WCAG; large texts need 3, others 4.5; what shines through is mixed."""
    page = of(
        """
<p style="color: #767676">4.54</p>
<p style="color: #777777">4.48</p>
<p style="color: #949494; font-size: 24px">3.03</p>
<p style="color: #999999; font-size: 24px">2.85</p>
<p style="color: #999999; font: bold 19px serif">2.85, bold</p>
<p style="color: #949494; font: 19px serif">3.03, small</p>
<p style="color: #000; opacity: 0.5">half</p>
<div style="background: rgb(0 0 0 / 50%)"><p style="color: #000">on half</p></div>
<div style="background: #333"><p>dark on dark</p></div>
<div style="background: linear-gradient(red, blue)">on what?</div>
<b class="told">And</b> <b class="sign"></b>
<select style="color: #ddd; background: #fff"><option>z</option></select>
<p style="color: #eee; display: none">hidden</p><p style="color: #eee; visibility: hidden">too</p>
<button disabled>off</button>
"""
    )
    # Black at half on white is the grey 127.5, which has 3.98; black on that grey has 5.28.
    assert contrast_faults(page) == [
        'p: "4.48" has 4.48:1, needs 4.5:1',
        'p: "2.85" has 2.85:1, needs 3:1',
        'p: "2.85, bold" has 2.85:1, needs 3:1',
        'p: "3.03, small" has 3.03:1, needs 4.5:1',
        'p: "half" has 3.98:1, needs 4.5:1',
        'p: "dark on dark" has 1.26:1, needs 4.5:1',
        'div: "on what?" lies on a picture',
        'select: "z" has 1.36:1, needs 4.5:1',
        'b.told: "::after told" has 1.61:1, needs 4.5:1',
    ]


def test_the_dark_page_is_judged_by_itself(of, contrast_faults):
    """Ink of the light page on the dark one is found: #222 on #111 has 1.19."""
    assert contrast_faults(of("<p style='color: #222'>ink</p>", color_scheme="dark")) == [
        'p: "ink" has 1.19:1, needs 4.5:1'
    ]


def test_what_overlaps_or_is_cut_off_is_found(of, layout_faults):
    """Each fault is found, with the element and its words; no other is."""
    page = of(
        """
<p>One line</p><p style="margin-top: -30px">Another</p>
<p>Text</p><button style="position: relative; top: -40px">Over</button>
<label>Name <input style="margin-left: -30px"></label>
<p style="margin-left: -30px">Left</p>
<div id="narrow" style="width: 60px; overflow: hidden; white-space: nowrap">far too long</div>
<div id="low" style="height: 60px; overflow: hidden"><p>Fits</p><p>Gone</p></div>
<div style="width: 900px; height: 5px"></div>
"""
    )
    assert sorted(layout_faults(page)) == [
        'div#narrow: "far too long" is cut off by div#narrow',
        'label: "Name" and input: "" lie on each other',
        'p: "Gone" is cut off by div#low',
        'p: "Left" reaches to -10 px, beyond the window',
        'p: "One line" and p: "Another" lie on each other',
        'p: "Text" and button: "" lie on each other',
        'p: "Text" and button: "Over" lie on each other',
        "page: is 920 px wide in a window of 800",
    ]


def test_texts_beyond_the_window_are_found(of, layout_faults):
    """A line that does not fit is named."""
    page = of("<p style='white-space: nowrap'>" + "long " * 200 + "</p>")
    assert any(one.startswith('p: "long long') for one in layout_faults(page))


def test_faults_of_structure_are_found(of, structure_faults):
    """Headings, pictures, tables, ids, links and the order of controls: each fault, no other."""
    page = of(
        """
<h3>Deep</h3><h1>Again</h1><h2></h2>
<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><iframe srcdoc="a"></iframe>
<table><tr><th scope="col">a</table>
<table aria-label="t"><tr><td>b</table>
<table aria-label="t"><tr><th>c</table>
<table aria-label="t"><tr><th scope="col">d<tr><td>1<td>2</table>
<p id="a"></p><p id="a"></p>
<section aria-labelledby="b"></section><a href="#c">to</a>
<button tabindex="2">b</button><div aria-hidden="true"><button>c</button></div>
"""
    )
    assert structure_faults(page) == [
        "page: has 2 h1",
        'h3: "Deep" follows an h1',
        "h2: is empty",
        "img: has no alt",
        "iframe: has no title",
        "table: has neither caption nor label",
        "table: has no heading",
        "table: has rows of 1 and 2 cells",
        'th: "c" has no scope',
        "#a: is there more than once",
        "section: aria-labelledby names no #b",
        "a: leads to no #c",
        "button: comes before its turn, tabindex 2",
        "button: can have the focus, but is hidden from those who listen",
    ]


def test_a_bare_page_lacks_language_and_title(open_page, structure_faults):
    """Language, title, first heading and main part are wanted."""
    assert structure_faults(open_page("<!doctype html><p>Bare</p>")) == [
        "html: has no lang",
        "head: has no title",
        "page: has 0 h1",
        "page: has not one main",
    ]


def test_what_has_no_name_is_found(of, unnamed):
    """What the browser tells screen readers is read, not the HTML."""
    page = of(
        "<button></button><button title='Go'></button><input type='range'>"
        "<select><option>a</option></select><a href='#x'></a><p id='x'></p>"
        "<canvas role='img'></canvas><canvas role='img' aria-label='Seen'></canvas>"
    )
    assert [one.partition(" without")[0] for one in unnamed(page)] == [
        "button",
        "slider",
        "combobox",
        "link",
        "image",
    ]


def test_faults_of_the_focus_are_found(of, tab_faults):
    """Controls that are out of sight, look as before or cannot be reached are found."""
    page = of(
        "<button>Fine</button> <button style='outline: none'>Dim</button>"
        "<button style='position: absolute; left: -500px'>Away</button>"
        "<button id='shy' onfocus='this.blur()'>Shy</button>"
    )
    assert tab_faults(page) == [
        'button: "Dim" does not show its focus',
        'button: "Away" has the focus out of sight',
        'button#shy: "Shy" is not reached; body: "A pageFine DimAwayShy" is',
    ]
