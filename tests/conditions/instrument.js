#!/usr/bin/env node
// Makes every condition of a rule one that a test can negate: `a && b` becomes
// `Mutant("locking/x.cc:12:0", a) && Mutant("locking/x.cc:12:1", b)`. What it knows of C++ is what the
// rules are written in: `if (…)`, `const bool x = …` and `return … && …`, of which each operand is a
// condition. A condition that declares a variable is left alone.
//
//   instrument.js IN OUT NAME
'use strict';

const fs = require('node:fs');

// The text with comments blanked and literals made dull, of equal length.
function blanked(text) {
  return text.replace(
    /R"(\w*)\([\s\S]*?\)\1"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (match) => match.replace(/[^\n]/g, match[0] === '/' ? ' ' : '_'));
}

// The place behind the bracket that closes the one at `open`.
function closing(code, open) {
  let depth = 0;
  for (let i = open; i < code.length; i++) {
    if ('([{'.includes(code[i])) depth++;
    if (')]}'.includes(code[i]) && --depth === 0) return i + 1;
  }
  throw new Error('a bracket is not closed');
}

// Where `separator` stands in code[begin, end) outside of brackets.
function* topLevel(code, begin, end, separators) {
  for (let i = begin; i < end; i++) {
    if ('([{'.includes(code[i])) i = closing(code, i) - 1;
    else if (separators.some((separator) => code.startsWith(separator, i))) yield i;
  }
}

function trimmed(code, begin, end) {
  while (begin < end && /\s/.test(code[begin])) begin++;
  while (end > begin && /\s/.test(code[end - 1])) end--;
  return [begin, end];
}

// The operands of && and || in code[begin, end), parentheses looked into.
function operands(code, begin, end) {
  [begin, end] = trimmed(code, begin, end);
  const cuts = [...topLevel(code, begin, end, ['&&', '||'])];
  if (cuts.length === 0) {
    if (code[begin] === '(' && closing(code, begin) === end) return operands(code, begin + 1, end - 1);
    return begin < end ? [[begin, end]] : [];
  }
  const found = [];
  let at = begin;
  for (const cut of cuts) {
    found.push(...operands(code, at, cut));
    at = cut + 2;
  }
  return found.concat(operands(code, at, end));
}

const isDeclaration = (text) => /^(const\s+)?[\w:<>]+(\s*[*&]+\s*|\s+)\w+\s*=[^=]/.test(text.trim());

function conditions(code) {
  const found = [];
  for (const match of code.matchAll(/\bif \(/g)) {
    const open = match.index + match[0].length - 1;
    const end = closing(code, open) - 1;
    const parts = [...topLevel(code, open + 1, end, [';'])];
    const begin = parts.length > 0 ? parts[parts.length - 1] + 1 : open + 1;
    if (!isDeclaration(code.slice(begin, end))) found.push(...operands(code, begin, end));
  }
  for (const match of code.matchAll(/\bconst bool \w+\s*=|\breturn\b/g)) {
    const begin = match.index + match[0].length;
    const [end] = topLevel(code, begin, code.length, [';']);
    const all = operands(code, begin, end);
    // A `return` without && or || may give back anything, and so may one of a choice.
    const choice = [...topLevel(code, begin, end, ['?'])].length > 0;
    if (!choice && (match[0] !== 'return' || all.length > 1)) found.push(...all);
  }
  return found.sort((a, b) => a[0] - b[0]);
}

const [input, output, name] = process.argv.slice(2);
const text = fs.readFileSync(input, 'utf8');
const code = blanked(text);
let made = '#include "tests/conditions/mutant.h"\n#line 1 "' + input + '"\n';
let at = 0;
const perLine = {};
const ids = [];
for (const [begin, end] of conditions(code)) {
  if (begin < at) continue;  // within another one: a lambda in an `if`
  const line = text.slice(0, begin).split('\n').length;
  perLine[line] = (perLine[line] ?? -1) + 1;
  const id = `${name}:${line}:${perLine[line]}`;
  ids.push(id);
  made += `${text.slice(at, begin)}::plimsoll::Mutant("${id}", static_cast<bool>(${text.slice(begin, end)}))`;
  at = end;
}
const list = ids.map((id) => `    "${id}",\n`).join('');
made += text.slice(at) + `\nstatic const bool registered_here = ::plimsoll::RegisterMutants({\n${list}});\n`;
fs.writeFileSync(output, made);
