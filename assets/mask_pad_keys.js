// The keys of the mask pad: those of the tools work wherever the hand was last, those that paint while the canvas has the focus.
document.addEventListener("keydown", (event) => {
  if (!photo || !element.offsetParent || event.altKey || window.lab.typing(event)) return;
  const key = event.key.toLowerCase(), command = event.ctrlKey || event.metaKey;
  if (command && (key === "z" || key === "y")) actions[key === "y" || event.shiftKey ? "redo" : "undo"]();
  else if (command) return;
  else if ("bre".includes(key)) useTool({ b: "brush", r: "box", e: "eraser" }[key]);
  else if (key === "[" || key === "]") { size.value = Number(size.value) + (key === "[" ? -2 : 2); redraw(); }
  else if (key === "x" || key === "i") actions[key === "x" ? "clear" : "invert"]();
  else return;
  event.preventDefault();
});
canvas.addEventListener("keydown", (event) => {
  if (!photo || event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.key.toLowerCase();
  const arrow = { arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1] }[key];
  if (arrow) {
    const step = (event.shiftKey ? 1 : 6) / 100 * Math.max(photo.width, photo.height), at = cursor || { x: photo.width / 2, y: photo.height / 2 };
    const clip = (v, top) => Math.min(top, Math.max(0, v));
    cursor = { x: clip(at.x + arrow[0] * step, photo.width), y: clip(at.y + arrow[1] * step, photo.height) };
    keyboard = true; if (gesture) gesture.to = cursor;
    redraw();
  } else if (key === " " || key === "enter") {
    cursor ||= { x: photo.width / 2, y: photo.height / 2 }; keyboard = true;
    if (tool !== "box") { paint(cursor, cursor); commit(fromLayer()); }
    else if (!gesture) { gesture = { id: -1, from: cursor, to: cursor }; tell("Box: move to the other corner with the arrow keys, then press space."); }
    else { paint(gesture.from, cursor); gesture = null; commit(fromLayer()); }
  } else if (key === "escape" && gesture) { gesture = null; toLayer(); redraw(); tell(); }
  else return;
  event.preventDefault();
});
