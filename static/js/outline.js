/* Lets activities and modules be dragged to another place. The page is complete without it: its buttons move them by
   keyboard and without scripts.
   A drop sends the same form as the buttons, with `place KEY MODULE NUMBER` or, for a module, `place KEY NUMBER`. */

const form = document.getElementById('outline');

function send(words) {
  const field = document.createElement('input');
  field.type = 'hidden';
  field.name = 'do';
  field.value = words.join(' ');
  form.append(field);
  form.submit();
}

for (const grip of form.querySelectorAll('.grip')) grip.hidden = false;

for (const list of form.querySelectorAll('ol[data-module]')) {
  self.Sortable.create(list, {
    group: 'activities',
    handle: '.grip',
    draggable: '[data-key]',
    onEnd: (drop) => {
      if (drop.from !== drop.to || drop.oldDraggableIndex !== drop.newDraggableIndex) {
        send(['place', drop.item.dataset.key, drop.to.dataset.module, drop.newDraggableIndex]);
      }
    },
  });
}

self.Sortable.create(form, {
  handle: 'h2 .grip',
  draggable: 'section',
  onEnd: (drop) => {
    if (drop.oldDraggableIndex !== drop.newDraggableIndex) send(['place', drop.item.id, drop.newDraggableIndex]);
  },
});
