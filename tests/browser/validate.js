// The HTML of one page against the standard, by html-validate.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const { HtmlValidate, StaticConfigLoader } = require('html-validate');

const validator = new HtmlValidate(new StaticConfigLoader({
  root: true,
  extends: ['html-validate:standard', 'html-validate:a11y'],
  rules: {
    // ARIA lets whatever has a role that can be named have a name, as a list; not only what is recommended.
    'aria-label-misuse': ['error', { allowAnyNamable: true }],
    // A box that scrolls is a region with a name and without a heading; the Nu checker warns of a section like that.
    'prefer-native-element': ['error', { exclude: ['region'] }],
  },
}));

/** The errors of the page `path` below `root`, each with its rule and place. */
function validate({ root, path: page }) {
  const report = validator.validateStringSync(fs.readFileSync(path.join(root, page), 'utf8'));
  return report.results.flatMap(({ messages }) => messages)
    .map(({ ruleId, message, line, column, selector }) => ({ rule: ruleId, message, line, column, selector }));
}

module.exports = { validate };
