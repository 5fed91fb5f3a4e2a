/* lex: the words of one line of a script. */
#ifndef GCLAB_HARNESS_SCRIPT_LEX_H
#define GCLAB_HARNESS_SCRIPT_LEX_H

#include "harness/script/script.h"

enum lex_kind { LEX_END, LEX_WORD, LEX_NUMBER, LEX_TEXT, LEX_RELATION, LEX_DOT, LEX_ANONYMOUS };

enum { LEX_WORD_MAX = SCRIPT_NAME_MAX + 1, LEX_TEXT_MAX = SCRIPT_TEXT_MAX + 1 };

/* A token.  END stands at the end of a line, and before a comment. */
struct lex_token {
  enum lex_kind kind;
  uint32_t column;
  bool after_blank;        /* or first in its line */
  int64_t number;          /* NUMBER; ANONYMOUS: of %N; RELATION: enum script_relation */
  char text[LEX_TEXT_MAX]; /* WORD, TEXT; of every token but END, what messages quote */
};

struct lexer {
  const char *at, *end; /* of the script */
  const char *line_start;
  uint32_t line;
  struct lex_token token; /* the one to be looked at */
  struct script_error *error;
};

void lex_open(struct lexer *lexer, const char *text, size_t length, struct script_error *error);

/* To the first token of the next line.  False: the script is over, or (error->line is set) there is something wrong. */
bool lex_next_line(struct lexer *lexer);

/* To the next token of the line.  False, with the error set, where there is none that could be one. */
bool lex_next(struct lexer *lexer);

/* Does a number stand behind the token at hand? */
bool lex_is_before_number(const struct lexer *lexer);

#endif
