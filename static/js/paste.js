/* A list pasted into an empty option, element or column becomes a row for each line. The page is complete without it: what is pasted
   goes into the folded field for lists below the rows, whose button does the same. */

const LINE = /\S.*/g;

for (const field of document.querySelectorAll('textarea[name*="__lines_"]')) {
  const [path, language] = field.name.split('__lines_');
  const button = field.closest('details').querySelector('button');
  const words = new RegExp('^' + path + '__\\d+__(words|text)_' + language + '$');
  for (const target of document.getElementById(path).querySelectorAll('textarea, input')) {
    if (!words.test(target.name)) continue;
    target.addEventListener('paste', (event) => {
      const text = event.clipboardData.getData('text/plain');
      if (target.value.trim() || (text.match(LINE) || []).length < 2) return;
      event.preventDefault();
      field.value = text;
      button.click();
    });
  }
}
