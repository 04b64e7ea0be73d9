// What the templates need beside what Eleventy has: numbers and days as people read them.
const grouped = [0, 1].map((digits) => new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }));
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "long", timeZone: "UTC" });
const number = (value, digits = 0) => grouped[digits].format(value).replaceAll(",", "\u202f").replace("-", "−");

export default function (eleventy) {
  eleventy.addFilter("number", number);
  eleventy.addFilter("share", (value) => `${number(value * 100, 1)}\u202f%`);
  eleventy.addFilter("change", (value) => {
    if (value === null) return "";
    const rounded = Math.round(value * 100) || 0;
    return `${rounded > 0 ? "+" : ""}${number(rounded)}\u202f%`;
  });
  eleventy.addFilter("day", (value) => day.format(new Date(value)));
  eleventy.addFilter("weekday", (value) => weekday.format(new Date(value)));
  eleventy.addPassthroughCopy("assets");
  eleventy.setQuietMode(true);
  return { dir: { input: ".", output: "_site" } };
}
