/** A chart's SVG as a PNG: styles of the page become attributes, because a picture has no stylesheet. */

const STYLES = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'font-family', 'font-size', 'direction', 'text-anchor'] as const;
const SCALE = 2;
const WIDTH = 720;
const TITLE = 34;
const MARGIN = 8;

/** A copy of a drawing that looks the same alone. */
function alone(svg: SVGSVGElement): SVGSVGElement {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const from = [svg, ...svg.querySelectorAll('*')];
  const to = [copy, ...copy.querySelectorAll('*')];
  from.forEach((element, at) => {
    const target = to[at];
    if (!target) return;
    const style = getComputedStyle(element);
    for (const name of STYLES) {
      const value = style.getPropertyValue(name);
      // A pattern of the page is one of the copy, too.
      if (value !== '' && !(name === 'fill' && target.getAttribute('fill')?.startsWith('url('))) target.setAttribute(name, value);
    }
  });
  return copy;
}

/** The drawing alone, so wide with the room that its labels have on the left: its level places are parts of the rest. */
async function image(svg: SVGSVGElement, width: number, height: number): Promise<HTMLImageElement> {
  const left = Number.parseFloat(getComputedStyle(svg).paddingLeft) || 0;
  const copy = alone(svg);
  copy.setAttribute('x', String(left));
  copy.setAttribute('width', String(width - left));
  copy.setAttribute('overflow', 'visible');
  const whole = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  whole.setAttribute('width', String(width));
  whole.setAttribute('height', String(height));
  whole.append(copy);
  const url = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(whole)], { type: 'image/svg+xml' }));
  const picture = new Image();
  try {
    picture.src = url;
    await picture.decode();
    return picture;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** The drawing with its title and finding, as a PNG of the same size from every screen. */
export async function png(svg: SVGSVGElement, title: string, finding: string): Promise<Blob> {
  const width = WIDTH, height = Number(svg.getAttribute('height'));
  const canvas = document.createElement('canvas');
  canvas.width = width * SCALE;
  canvas.height = (height + TITLE + 8) * SCALE;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser draws no pictures');
  const style = getComputedStyle(document.body);
  context.scale(SCALE, SCALE);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, width, height + TITLE + 8);
  context.fillStyle = style.color;
  context.font = `600 14px ${style.fontFamily}`;
  context.fillText(title, MARGIN, 14);
  context.font = `12px ${style.fontFamily}`;
  context.fillText(finding, MARGIN, 30, width - 2 * MARGIN);
  const drawn = width - 2 * MARGIN;
  context.drawImage(await image(svg, drawn, height), MARGIN, TITLE, drawn, height);
  return new Promise((done, fail) => { canvas.toBlob((blob) => { if (blob) done(blob); else fail(new Error('the picture could not be made')); }, 'image/png'); });
}
