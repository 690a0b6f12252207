package dev.bascule.llm.template;

/** What can be called: a macro, a function, a method of a value. */
interface Callable {
  Object call(Arguments arguments);
}
