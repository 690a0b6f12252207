/*
 * llama.cpp from the start of a process to its first token: what `LanguageSpeed --cold --llama-command` starts.
 *
 *   first-token LIBRARIES MODEL CONTEXT THREADS PROMPT_TOKENS
 *
 * Prints the id of the first token as soon as it is known. Needs no header of llama.cpp: its parameters are taken as
 * larger than any release has them, filled by the library, and only n_ctx (the first) is set. Compiled with
 *
 *   cc -O2 -o first-token first-token.c -L$LIB -l:libllama.so -l:libggml.so -Wl,-rpath,$LIB
 *
 * where the files may be called libllama.v0.5.0.so and libggml.v0.5.0.so.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct parameters {
  uint32_t fields[128];
};

struct batch {
  int32_t count;
  int32_t *tokens;
  void *unused[5];
};

void ggml_backend_load_all_from_path(const char *folder);
void llama_backend_init(void);
struct parameters llama_model_default_params(void);
struct parameters llama_context_default_params(void);
void *llama_model_load_from_file(const char *file, struct parameters);
void *llama_init_from_model(void *model, struct parameters);
void llama_set_n_threads(void *context, int32_t tokens, int32_t prompts);
uint32_t llama_n_ctx(const void *context);
const void *llama_model_get_vocab(const void *model);
int32_t llama_vocab_n_tokens(const void *vocabulary);
int32_t llama_decode(void *context, struct batch);
float *llama_get_logits_ith(void *context, int32_t index);

int main(int count, char **arguments) {
  if (count != 6) {
    fprintf(stderr, "expected LIBRARIES MODEL CONTEXT THREADS PROMPT_TOKENS\n");
    return 2;
  }
  uint32_t size = (uint32_t)atoi(arguments[3]);
  int threads = atoi(arguments[4]);
  int length = atoi(arguments[5]);
  ggml_backend_load_all_from_path(arguments[1]);
  llama_backend_init();
  void *model = llama_model_load_from_file(arguments[2], llama_model_default_params());
  if (model == NULL) {
    return 1;
  }
  struct parameters parameters = llama_context_default_params();
  parameters.fields[0] = size;
  void *context = llama_init_from_model(model, parameters);
  if (context == NULL || llama_n_ctx(context) < size || llama_n_ctx(context) >= size + 256) {
    fprintf(stderr, "no context of %u tokens\n", size);
    return 1;
  }
  llama_set_n_threads(context, threads, threads);
  int32_t *prompt = malloc(sizeof(int32_t) * (size_t)length);
  for (int i = 0; i < length; i++) {
    prompt[i] = (int32_t)(i * 7919L % 512);
  }
  struct batch batch = {length, prompt, {NULL}};
  if (llama_decode(context, batch) != 0) {
    return 1;
  }
  const float *logits = llama_get_logits_ith(context, -1);
  int best = 0;
  for (int i = 1; i < llama_vocab_n_tokens(llama_model_get_vocab(model)); i++) {
    if (logits[i] > logits[best]) {
      best = i;
    }
  }
  printf("%d\n", best);
  fflush(stdout);
  return 0;
}
