package dev.bascule.llm.template;

import dev.bascule.formats.FormatException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads expressions out of a tag's words: recursive descent, one method for each precedence. */
final class ExpressionParser {
  private static final int DEPTH_MAX = 60;

  private final List<Token> tokens;
  private final Problems problems;
  private int at;
  private int depth;

  ExpressionParser(List<Token> tokens, Problems problems) {
    this.tokens = tokens;
    this.problems = problems;
  }

  Token peek() {
    return tokens.get(at);
  }

  private Token peekNext() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(at);
    at = Math.min(at + 1, tokens.size() - 1);
    return token;
  }

  boolean accepts(String operator) {
    boolean is = peek().is(operator);
    if (is) {
      next();
    }
    return is;
  }

  boolean acceptsName(String name) {
    boolean is = peek().isName(name);
    if (is) {
      next();
    }
    return is;
  }

  void expect(String operator) {
    if (!accepts(operator)) {
      throw unexpected("'" + operator + "'");
    }
  }

  void expectEnd() {
    if (peek().kind() != Token.Kind.END) {
      throw unexpected("the end of the tag");
    }
  }

  String name() {
    if (peek().kind() != Token.Kind.NAME) {
      throw unexpected("a name");
    }
    return next().text();
  }

  FormatException unexpected(String expected) {
    Token token = peek();
    boolean end = token.kind() == Token.Kind.END;
    return problems.at(token.line(), expected, end ? token.text() : problems.quote(token.text()));
  }

  /** An expression, or several with commas between, which are a tuple. */
  Expression tuple() {
    Expression first = expression();
    if (!peek().is(",")) {
      return first;
    }
    List<Expression> elements = new ArrayList<>(List.of(first));
    while (accepts(",")) {
      if (endsTuple()) {
        break;
      }
      elements.add(expression());
    }
    return new Expression.TupleOf(elements);
  }

  private boolean endsTuple() {
    return peek().kind() == Token.Kind.END || peek().is(")") || peek().is("=");
  }

  Expression expression() {
    if (++depth > DEPTH_MAX) {
      throw problems.at(
          peek().line(), "expressions at most " + DEPTH_MAX + " deep", "a deeper one");
    }
    Expression value = or();
    while (acceptsName("if")) {
      Expression condition = or();
      Optional<Expression> otherwise =
          acceptsName("else") ? Optional.of(expression()) : Optional.empty();
      value = new Expression.Conditional(condition, value, otherwise);
    }
    depth--;
    return value;
  }

  /** What a loop goes over: an {@code if} behind it chooses the elements. */
  Expression withoutCondition() {
    return or();
  }

  private Expression or() {
    Expression left = and();
    while (acceptsName("or")) {
      left = new Expression.Or(left, and());
    }
    return left;
  }

  private Expression and() {
    Expression left = not();
    while (acceptsName("and")) {
      left = new Expression.And(left, not());
    }
    return left;
  }

  private Expression not() {
    int nots = 0;
    while (acceptsName("not")) {
      nots++;
    }
    Expression value = comparison();
    for (int i = 0; i < nots; i++) {
      value = new Expression.Not(value);
    }
    return value;
  }

  private Expression comparison() {
    Expression first = sum();
    List<Expression.Operand> rest = new ArrayList<>();
    for (Optional<Expression.Relation> relation = relation();
        relation.isPresent();
        relation = relation()) {
      rest.add(new Expression.Operand(relation.get(), sum()));
    }
    return rest.isEmpty() ? first : new Expression.Comparison(first, rest);
  }

  private Optional<Expression.Relation> relation() {
    Token token = peek();
    if (token.isName("not") && peekNext().isName("in")) {
      next();
      next();
      return Optional.of(Expression.Relation.NOT_IN);
    }
    if (token.kind() != Token.Kind.OPERATOR && !token.isName("in")) {
      return Optional.empty();
    }
    Optional<Expression.Relation> relation =
        switch (token.text()) {
          case "==" -> Optional.of(Expression.Relation.EQUAL);
          case "!=" -> Optional.of(Expression.Relation.NOT_EQUAL);
          case "<" -> Optional.of(Expression.Relation.LESS);
          case "<=" -> Optional.of(Expression.Relation.LESS_OR_EQUAL);
          case ">" -> Optional.of(Expression.Relation.GREATER);
          case ">=" -> Optional.of(Expression.Relation.GREATER_OR_EQUAL);
          case "in" -> Optional.of(Expression.Relation.IN);
          default -> Optional.empty();
        };
    if (relation.isPresent()) {
      next();
    }
    return relation;
  }

  /** Of operators with these signs, from left to right. */
  private Optional<Expression.Operator> operator(Expression.Operator... operators) {
    for (Expression.Operator operator : operators) {
      if (accepts(operator.sign())) {
        return Optional.of(operator);
      }
    }
    return Optional.empty();
  }

  private Expression sum() {
    Expression left = concatenation();
    for (var operator = operator(Expression.Operator.ADD, Expression.Operator.SUBTRACT);
        operator.isPresent();
        operator = operator(Expression.Operator.ADD, Expression.Operator.SUBTRACT)) {
      left = new Expression.Binary(operator.get(), left, concatenation());
    }
    return left;
  }

  private Expression concatenation() {
    Expression left = product();
    while (accepts("~")) {
      left = new Expression.Binary(Expression.Operator.CONCATENATE, left, product());
    }
    return left;
  }

  private Optional<Expression.Operator> productOperator() {
    return operator(
        Expression.Operator.MULTIPLY,
        Expression.Operator.DIVIDE,
        Expression.Operator.FLOOR_DIVIDE,
        Expression.Operator.MODULO);
  }

  private Expression product() {
    Expression left = power();
    for (var operator = productOperator(); operator.isPresent(); operator = productOperator()) {
      left = new Expression.Binary(operator.get(), left, power());
    }
    return left;
  }

  private Expression power() {
    Expression left = unary(true);
    while (accepts("**")) {
      left = new Expression.Binary(Expression.Operator.POWER, left, unary(true));
    }
    return left;
  }

  private Expression unary(boolean filters) {
    if (++depth > DEPTH_MAX) {
      throw problems.at(
          peek().line(), "expressions at most " + DEPTH_MAX + " deep", "a deeper one");
    }
    Expression value;
    if (accepts("-")) {
      value = new Expression.Negative(unary(false));
    } else if (accepts("+")) {
      value = new Expression.Positive(unary(false));
    } else {
      value = primary();
    }
    value = postfix(value);
    depth--;
    return filters ? filters(value) : value;
  }

  private Expression primary() {
    Token token = next();
    return switch (token.kind()) {
      case NAME -> named(token.text());
      case STRING -> new Expression.Literal(string(token));
      case INTEGER -> new Expression.Literal(integer(token));
      case FLOAT -> new Expression.Literal(Double.parseDouble(token.text()));
      case OPERATOR -> bracket(token);
      case END -> {
        throw unexpected("an expression");
      }
    };
  }

  private long integer(Token token) {
    try {
      return Long.parseLong(token.text());
    } catch (NumberFormatException e) {
      throw problems.at(token.line(), "a whole number of 64 bits", problems.quote(token.text()));
    }
  }

  private static Expression named(String name) {
    return switch (name) {
      case "true", "True" -> new Expression.Literal(true);
      case "false", "False" -> new Expression.Literal(false);
      case "none", "None" -> new Expression.Literal(None.NONE);
      default -> new Expression.Name(name);
    };
  }

  /** Texts that stand beside each other are one. */
  private String string(Token first) {
    StringBuilder text = new StringBuilder(first.text());
    while (peek().kind() == Token.Kind.STRING) {
      text.append(next().text());
    }
    return text.toString();
  }

  private Expression bracket(Token token) {
    return switch (token.text()) {
      case "(" -> {
        if (accepts(")")) {
          yield new Expression.TupleOf(List.of());
        }
        Expression inner = tuple();
        expect(")");
        yield inner;
      }
      case "[" -> new Expression.ListOf(elements("]"));
      case "{" -> dict();
      default -> throw problems.at(token.line(), "an expression", problems.quote(token.text()));
    };
  }

  private List<Expression> elements(String end) {
    List<Expression> elements = new ArrayList<>();
    while (!accepts(end)) {
      elements.add(expression());
      if (!peek().is(end)) {
        expect(",");
      }
    }
    return elements;
  }

  private Expression dict() {
    List<Expression.Entry> entries = new ArrayList<>();
    while (!accepts("}")) {
      Expression key = expression();
      expect(":");
      entries.add(new Expression.Entry(key, expression()));
      if (!peek().is("}")) {
        expect(",");
      }
    }
    return new Expression.DictOf(entries);
  }

  private Expression postfix(Expression of) {
    Expression value = of;
    while (true) {
      if (accepts(".")) {
        value = member(value);
      } else if (accepts("[")) {
        value = subscript(value);
      } else if (accepts("(")) {
        value = new Expression.Call(value, arguments());
      } else {
        return value;
      }
    }
  }

  /** A name, or a number, which is an index. */
  private Expression member(Expression of) {
    if (peek().kind() == Token.Kind.INTEGER) {
      return new Expression.Subscript(of, new Expression.Literal(integer(next())));
    }
    return new Expression.Attribute(of, name());
  }

  private Expression subscript(Expression of) {
    Optional<Expression> start = peek().is(":") ? Optional.empty() : Optional.of(tuple());
    if (accepts("]")) {
      return new Expression.Subscript(of, start.orElseThrow());
    }
    expect(":");
    Optional<Expression> stop = part();
    Optional<Expression> step = accepts(":") ? part() : Optional.empty();
    expect("]");
    return new Expression.Slice(of, start, stop, step);
  }

  private Optional<Expression> part() {
    return peek().is(":") || peek().is("]") ? Optional.empty() : Optional.of(expression());
  }

  /** Up to the closing parenthesis. */
  private Expression.Arguments arguments() {
    List<Expression> positional = new ArrayList<>();
    Map<String, Expression> named = new LinkedHashMap<>();
    while (!accepts(")")) {
      if (peek().kind() == Token.Kind.NAME && peekNext().is("=")) {
        String name = name();
        next();
        named.put(name, expression());
      } else if (named.isEmpty()) {
        positional.add(expression());
      } else {
        throw unexpected("a named argument, as others before it");
      }
      if (!peek().is(")")) {
        expect(",");
      }
    }
    return new Expression.Arguments(positional, named);
  }

  private Expression filters(Expression of) {
    Expression value = of;
    while (true) {
      if (accepts("|")) {
        String name = name();
        Expression.Arguments arguments = accepts("(") ? arguments() : Expression.Arguments.NONE;
        value = new Expression.Filter(value, name, arguments);
      } else if (acceptsName("is")) {
        value = test(value);
      } else if (peek().is("(") || peek().is(".") || peek().is("[")) {
        value = postfix(value);
      } else {
        return value;
      }
    }
  }

  /** One argument may stand without parentheses. */
  private Expression test(Expression of) {
    boolean negated = acceptsName("not");
    String name = name();
    Expression.Arguments arguments = Expression.Arguments.NONE;
    if (accepts("(")) {
      arguments = arguments();
    } else if (startsArgument()) {
      arguments = new Expression.Arguments(List.of(postfix(primary())), Map.of());
    }
    return new Expression.Test(of, name, arguments, negated);
  }

  private boolean startsArgument() {
    Token token = peek();
    return switch (token.kind()) {
      case STRING, INTEGER, FLOAT -> true;
      case NAME -> !List.of("else", "or", "and", "is", "if", "in", "not").contains(token.text());
      case OPERATOR -> token.is("[") || token.is("{");
      case END -> false;
    };
  }
}
