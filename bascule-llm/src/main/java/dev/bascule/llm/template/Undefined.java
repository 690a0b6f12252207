package dev.bascule.llm.template;

/**
 * The value of what there is not: it is written as nothing and has no elements, but nothing else
 * can be done with it.
 *
 * @param what is not there, for messages
 */
record Undefined(String what) {}
