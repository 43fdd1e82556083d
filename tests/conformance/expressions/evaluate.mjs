// Evaluates expressions with the package that GitHub's own editor support uses. One JSON document in, one out.
import { pathToFileURL } from "node:url";
import { readFileSync } from "node:fs";

const { Lexer, Parser, Evaluator, data } = await import(pathToFileURL(process.argv[2]).href);
const asked = JSON.parse(readFileSync(0, "utf8"));
const context = JSON.parse(JSON.stringify(asked.context), data.reviver);
const names = context.pairs().map((pair) => pair.key);

function told(value) {
  switch (value.kind) {
    case data.Kind.Null:
      return null;
    case data.Kind.Boolean:
      return value.value;
    case data.Kind.Number:
      return { number: String(value.value) };
    case data.Kind.String:
      return value.value;
    case data.Kind.Array:
      return value.values().map(told);
    default:
      return { object: value.pairs().map((pair) => [pair.key, told(pair.value)]) };
  }
}

function judge(source) {
  try {
    const { tokens } = new Lexer(source).lex();
    const value = new Evaluator(new Parser(tokens, names, []).parse(), context).evaluate();
    return { value: told(value), text: value.coerceString() };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
}

process.stdout.write(JSON.stringify(asked.expressions.map(judge)));
