#include "harness/script/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static bool fail(struct lexer *lexer, const char *at, const char *format, ...) __attribute__((format(printf, 3, 4)));

static bool fail(struct lexer *lexer, const char *at, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(lexer->error->message, sizeof lexer->error->message, format, arguments);
  va_end(arguments);
  lexer->error->line = lexer->line;
  lexer->error->column = (uint32_t)(at - lexer->line_start) + 1;
  return false;
}

void lex_open(struct lexer *lexer, const char *text, size_t length, struct script_error *error)
{
  *lexer = (struct lexer){.at = text, .end = text + length, .line_start = text, .error = error};
  *error = (struct script_error){0};
}

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool lex_next_line(struct lexer *lexer)
{
  if (lexer->line > 0) {
    while (lexer->at < lexer->end && *lexer->at != '\n') lexer->at++;
    if (lexer->at == lexer->end) return false;
    lexer->at++;
  }
  if (lexer->at == lexer->end) return false;
  lexer->line++;
  lexer->line_start = lexer->at;
  return lex_next(lexer);
}

static void take_word(struct lexer *lexer, size_t *length)
{
  const char *start = lexer->at;
  while (lexer->at < lexer->end && (is_letter(*lexer->at) || is_digit(*lexer->at))) lexer->at++;
  *length = (size_t)(lexer->at - start);
}

/* Digits, grouped by '_' perhaps; sign is 1 or -1. */
static bool take_digits(struct lexer *lexer, int sign, int64_t *number)
{
  const char *start = lexer->at;
  int64_t value = 0;
  for (; lexer->at < lexer->end && (is_digit(*lexer->at) || *lexer->at == '_'); lexer->at++) {
    if (*lexer->at == '_') continue;
    if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, sign * (*lexer->at - '0'), &value))
      return fail(lexer, start, "a number is -9223372036854775808 to 9223372036854775807");
  }
  if (lexer->at < lexer->end && is_letter(*lexer->at))
    return fail(lexer, start, "a name begins with a letter or '_', and a number has digits only");
  *number = value;
  return true;
}

static int hex_digit(char c)
{
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* What stands behind a backslash; lexer->at is on it. */
static bool take_escape(struct lexer *lexer, char *out)
{
  static const char names[] = "nt\"\\";
  static const char meanings[] = "\n\t\"\\";
  const char *found = lexer->at < lexer->end && *lexer->at != '\0' ? strchr(names, *lexer->at) : NULL;
  if (found != NULL) {
    *out = meanings[found - names];
    lexer->at++;
    return true;
  }
  if (lexer->end - lexer->at >= 3 && *lexer->at == 'x') {
    const int high = hex_digit(lexer->at[1]);
    const int low = hex_digit(lexer->at[2]);
    if (high >= 0 && low >= 0 && high + low > 0) {
      *out = (char)(high * 16 + low);
      lexer->at += 3;
      return true;
    }
  }
  return fail(lexer, lexer->at - 1, "behind \\ stands n, t, \", \\ or x and two hexadecimal digits, not 00");
}

static bool take_text(struct lexer *lexer)
{
  const char *start = lexer->at++;
  size_t length = 0;
  while (lexer->at < lexer->end && *lexer->at != '"' && *lexer->at != '\n') {
    if (length == LEX_TEXT_MAX - 1) return fail(lexer, start, "a text is shorter than %d bytes", LEX_TEXT_MAX);
    char c = *lexer->at++;
    if (c == '\0') return fail(lexer, lexer->at - 1, "a text has no zero byte");
    if (c == '\\' && !take_escape(lexer, &c)) return false;
    lexer->token.text[length++] = c;
  }
  if (lexer->at == lexer->end || *lexer->at != '"') return fail(lexer, start, "a text without its closing quote");
  lexer->at++;
  lexer->token.text[length] = '\0';
  return true;
}

static bool take_relation(struct lexer *lexer)
{
  static const enum script_relation order[] = {SCRIPT_EQUAL,    SCRIPT_UNEQUAL, SCRIPT_AT_MOST,
                                               SCRIPT_AT_LEAST, SCRIPT_LESS,    SCRIPT_MORE};
  for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
    const char *word = script_relation_word(order[i]);
    const size_t length = strlen(word);
    if ((size_t)(lexer->end - lexer->at) < length || memcmp(lexer->at, word, length) != 0) continue;
    lexer->token.kind = LEX_RELATION;
    lexer->token.number = order[i];
    memcpy(lexer->token.text, word, length + 1);
    lexer->at += length;
    return true;
  }
  return fail(lexer, lexer->at, "'%c' relates nothing; there are ==, !=, <, <=, > and >=", *lexer->at);
}

static bool take_number(struct lexer *lexer)
{
  const char *start = lexer->at;
  const bool is_negative = *start == '-';
  if (is_negative) lexer->at++;
  if (lexer->at == lexer->end || !is_digit(*lexer->at)) return fail(lexer, start, "behind - stands a number");
  if (!take_digits(lexer, is_negative ? -1 : 1, &lexer->token.number)) return false;
  lexer->token.kind = LEX_NUMBER;
  snprintf(lexer->token.text, LEX_WORD_MAX, "%lld", (long long)lexer->token.number);
  return true;
}

bool lex_is_before_number(const struct lexer *lexer)
{
  const char *at = lexer->at;
  while (at < lexer->end && is_blank(*at)) at++;
  return at < lexer->end && (is_digit(*at) || *at == '-');
}

bool lex_next(struct lexer *lexer)
{
  struct lex_token *token = &lexer->token;
  const char *before = lexer->at;
  while (lexer->at < lexer->end && is_blank(*lexer->at)) lexer->at++;
  token->after_blank = lexer->at != before || lexer->at == lexer->line_start;
  token->column = (uint32_t)(lexer->at - lexer->line_start) + 1;
  token->kind = LEX_END;
  token->text[0] = '\0';
  if (lexer->at == lexer->end || *lexer->at == '\n' || *lexer->at == '#') return true;
  const char c = *lexer->at;
  if (is_letter(c)) {
    const char *start = lexer->at;
    size_t length;
    take_word(lexer, &length);
    if (length >= LEX_WORD_MAX) return fail(lexer, start, "a name is shorter than %d letters", LEX_WORD_MAX);
    memcpy(token->text, start, length);
    token->text[length] = '\0';
    token->kind = LEX_WORD;
    return true;
  }
  if (is_digit(c) || c == '-') return take_number(lexer);
  if (c == '"') {
    token->kind = LEX_TEXT;
    return take_text(lexer);
  }
  if (c == '.') {
    token->kind = LEX_DOT;
    memcpy(token->text, ".", 2);
    lexer->at++;
    return true;
  }
  if (c == '%') {
    lexer->at++;
    if (lexer->at == lexer->end || !is_digit(*lexer->at))
      return fail(lexer, lexer->at - 1, "behind %% stands a number");
    token->kind = LEX_ANONYMOUS;
    if (!take_digits(lexer, 1, &token->number)) return false;
    snprintf(token->text, LEX_WORD_MAX, "%%%lld", (long long)token->number);
    return true;
  }
  if (c == '=' || c == '!' || c == '<' || c == '>') return take_relation(lexer);
  if (c < ' ' || c == 0x7f) return fail(lexer, lexer->at, "the byte 0x%02x is part of nothing", (unsigned char)c);
  return fail(lexer, lexer->at, "'%c' is part of nothing here", c);
}
