"""The one script of the public pages: it shows the whole link of an invitation or of help, which only the browser knows.

What stands after the # is never sent, stored or logged; without the script the page says how to copy it by hand.
The policy of the page names this text by its hash, so nothing else can run there.
"""

_SHOW = """
const link = location.href;
if (/^#[A-Za-z0-9_-]{43}\\.[A-Za-z0-9_-]{32}$/.test(location.hash)) {
  const field = document.getElementById('link'), said = document.getElementById('said');
  field.value = link;
  document.getElementById('copy').addEventListener('click', () => {
    field.select();
    const done = () => { said.textContent = 'Copied.'; };
    if (navigator.clipboard) navigator.clipboard.writeText(link).then(done, () => {});
    else if (document.execCommand('copy')) done();
  });
  document.getElementById('whole').hidden = false;
  document.getElementById('by-hand').hidden = true;
"""

SCRIPT = (
    _SHOW
    + """  document.getElementById('open').href = 'web+microsocial:' + link;
  document.getElementById('without').hidden = true;
  document.getElementById('lead').textContent = 'would like to be friends with you.';
}
"""
)
HELP_SCRIPT = (
    _SHOW
    + """  document.getElementById('command').textContent = "microsocial recover --friend '" + link + "'";
  document.getElementById('lead').textContent = 'helps you to come back.';
}
"""
)
