package dev.bascule.llm.template;

/** Python's None. */
enum None {
  NONE
}
