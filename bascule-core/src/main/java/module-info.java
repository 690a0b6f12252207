/** The vocabulary of Bascule, and what each op means. Depends on nothing but annotations. */
module dev.bascule.core {
  requires static org.jspecify;
}
