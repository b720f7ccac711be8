"use strict";
// Data that stand in the page: JSON as text, or packed (gzip, base64) where it is long. A browser
// that cannot unpack leaves the page as it was written, with the first rows of each table.
const reading = [];
const withData = (box, use) => {
  const unpacked = async () => {
    const script = box.querySelector('script[type^="application/"]');
    if (script.type === "application/json") return JSON.parse(script.textContent);
    const bytes = Uint8Array.from(atob(script.textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).json();
  };
  if (typeof DecompressionStream === "undefined" && !box.querySelector('script[type="application/json"]')) return;
  reading.push(unpacked().then((data) => use(box, data)).catch((error) => console.error(error)));
};
