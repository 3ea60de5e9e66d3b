// Drawing for the position board: patches cut from the square, fields of nine places, and the square with two patches lit.
const NAMES = ["above left", "above", "above right", "left", "right", "below left", "below", "below right"];
const LAY = NAMES.map((name) => ({ left: "on the left", right: "on the right" })[name] || name); // "it lay on the left"
const NINE = [0, 1, 2, 3, 5, 6, 7, 8]; // the direction's number among the nine places in reading order; 4 is the middle
const MAT = "#767676";

const draw = (() => {
  const ratio = () => Math.min(window.devicePixelRatio || 1, 2);

  // The canvas at the size of the screen, emptied to the mat; null while it is not laid out
  function open(canvas) {
    const side = Math.round(canvas.clientWidth * ratio());
    if (!side) return null;
    if (canvas.width !== side || canvas.height !== side) { canvas.width = side; canvas.height = side; }
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.fillStyle = MAT;
    pen.fillRect(0, 0, side, side);
    return { pen, side };
  }

  // One patch of the square's picture, drawn into (x, y, size) of the canvas
  function patch(pen, round, number, x, y, size) {
    const picture = round.picture(), [left, top, share] = round.asked.boxes[number], whole = picture.naturalWidth;
    const box = [left * whole, top * whole, share * whole].map(round.sharp ? (v) => v : Math.round);
    pen.drawImage(picture, box[0], box[1], box[2], box[2], x, y, size, size);
  }

  function piece(canvas, round) {
    const to = open(canvas);
    if (to) patch(to.pen, round, NINE[round.asked.direction], 0, 0, to.side);
  }

  // The middle patch, and the asked one on the place of a direction (none for null)
  function field(canvas, round, direction) {
    const to = open(canvas);
    if (!to) return;
    const share = round.asked.boxes[4][2], put = (number, place) => {
      const [x, y] = place(number).map((v) => v * to.side);
      patch(to.pen, round, number === "asked" ? NINE[round.asked.direction] : number, x, y, share * to.side);
    };
    put(4, () => spot(round, 4));
    if (direction !== null) put("asked", () => spot(round, NINE[direction]));
  }

  // Left and top of a place in the grid without jitter, in shares of the square
  function spot(round, number) {
    const steps = round.asked.steps;
    return [steps[number % 3], steps[Math.floor(number / 3)]];
  }

  // The photograph's square, dimmed but for the two patches where they lay
  function truth(canvas, round) {
    const to = open(canvas);
    if (!to) return;
    const { pen, side } = to, picture = round.pictures.sharp, whole = picture.naturalWidth;
    pen.drawImage(picture, 0, 0, side, side);
    pen.fillStyle = "rgb(90 90 90 / 0.72)";
    pen.fillRect(0, 0, side, side);
    for (const number of [4, NINE[round.asked.direction]]) {
      const [left, top, share] = round.asked.boxes[number], at = [left * side, top * side, share * side, share * side];
      pen.drawImage(picture, left * whole, top * whole, share * whole, share * whole, ...at);
      pen.lineWidth = 2 * ratio();
      pen.strokeStyle = number === 4 ? "#fff" : "#f0e442";
      pen.strokeRect(...at);
    }
  }

  return { piece, field, truth, spot, open };
})();

const { make } = window.lab;

async function picture(src) {
  const image = new Image();
  image.src = src;
  await image.decode();
  return image;
}
