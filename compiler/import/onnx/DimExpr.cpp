// The shunting-yard algorithm (E. W. Dijkstra, 1961): no recursion, so that any text of a file is read in bounded memory.
#include "compiler/import/onnx/DimExpr.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"

using llvm::StringRef;

namespace ingot {
namespace {

constexpr size_t kLongest = 256; // bytes of an expression

int precedence(StringRef op) { return op == "(" ? 0 : op == "+" || op == "-" ? 1 : 2; }

std::optional<int64_t> apply(StringRef op, int64_t a, int64_t b) {
  if (op == "+")
    return llvm::checkedAdd(a, b);
  if (op == "-")
    return llvm::checkedSub(a, b);
  if (op == "*")
    return llvm::checkedMul(a, b);
  if (b <= 0 || (op == "/" && a % b != 0))
    return std::nullopt;
  return a / b - (a % b < 0);
}

} // namespace

std::optional<std::vector<DimExpr::Token>> DimExpr::tokens(StringRef text) {
  std::vector<Token> list;
  for (text = text.ltrim(); !text.empty(); text = text.ltrim()) {
    StringRef word = text.take_while([](char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; });
    Token token{Token::Operator, "", 0};
    if (word.empty()) {
      word = text.take_front(text.starts_with("//") ? 2 : 1);
      if (!StringRef("+-*/()").contains(word.front()))
        return std::nullopt;
    } else {
      token.kind = llvm::isDigit(word.front()) ? Token::Number : Token::Name;
      if ((token.kind == Token::Number && word.getAsInteger(10, token.number)) || word.front() == '.')
        return std::nullopt;
    }
    token.text = word.str();
    text = text.drop_front(word.size());
    list.push_back(std::move(token));
  }
  return list;
}

std::optional<DimExpr> DimExpr::parse(StringRef text) {
  std::optional<std::vector<Token>> list = text.size() <= kLongest ? tokens(text) : std::nullopt;
  if (!list || list->size() < 3)
    return std::nullopt;
  DimExpr expr;
  std::vector<Token> waiting; // operators and open brackets
  bool wantsOperand = true;
  auto release = [&](int least) {
    while (!waiting.empty() && precedence(waiting.back().text) >= least) {
      expr.postfix.push_back(waiting.back());
      waiting.pop_back();
    }
  };
  for (const Token &token : *list) {
    bool isOpen = token.text == "(", isClose = token.text == ")";
    bool isOperand = token.kind != Token::Operator;
    if ((isOperand || isOpen) != wantsOperand)
      return std::nullopt;
    if (isOperand) {
      expr.postfix.push_back(token);
    } else if (isClose) {
      release(1);
      if (waiting.empty())
        return std::nullopt;
      waiting.pop_back();
    } else if (isOpen) {
      waiting.push_back(token);
    } else {
      release(precedence(token.text));
      waiting.push_back(token);
    }
    wantsOperand = isOpen || (!isOperand && !isClose);
  }
  release(1);
  if (wantsOperand || !waiting.empty() || expr.names().empty())
    return std::nullopt;
  return expr;
}

std::vector<std::string> DimExpr::names() const {
  std::vector<std::string> list;
  for (const Token &token : postfix)
    if (token.kind == Token::Name)
      list.push_back(token.text);
  return list;
}

std::optional<int64_t> DimExpr::value(llvm::function_ref<std::optional<int64_t>(StringRef)> extentOf) const {
  std::vector<int64_t> values;
  for (const Token &token : postfix) {
    std::optional<int64_t> value = token.number;
    if (token.kind == Token::Name) {
      value = extentOf(token.text);
    } else if (token.kind == Token::Operator) {
      int64_t right = values.back();
      values.pop_back();
      value = apply(token.text, values.back(), right);
      values.pop_back();
    }
    if (!value)
      return std::nullopt;
    values.push_back(*value);
  }
  return values.front() >= 0 ? std::optional<int64_t>(values.front()) : std::nullopt;
}

} // namespace ingot
