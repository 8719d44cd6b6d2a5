#include <sstream>

#include "model/hugging_face_config.hpp"

namespace ridgeline {

const std::vector<std::string>& hugging_face_words() {
  static const std::vector<std::string> words = [] {
    std::istringstream text(R"(
    _attn_implementation _commit_hash _name_or_path _num_labels add_router_probs aligned attention_dropout
    attention_probs_dropout_prob attn_implementation attn_pdrop auto_map bad_words_ids bos_token_id
    chunk_size_feed_forward classifier_dropout classifier_dropout_prob cross_attention_hidden_size
    decoder_sparse_step decoder_start_token_id directionality diversity_penalty do_sample down_scale_factor
    dropout dropout_rate dtype early_stopping embd_pdrop encoder_no_repeat_ngram_size encoder_sparse_step
    encoder_stride eos_token_id exponential_decay_length_penalty finetuning_task forced_bos_token_id
    forced_eos_token_id gap_size gradient_checkpointing hidden_dropout_prob init_std initializer_factor
    initializer_range is_encoder_decoder is_gated_act keys_to_ignore_at_inference label2id label_smoothing
    language layer_norm_eps layer_norm_epsilon layer_types layerdrop length_penalty max_length min_length
    model_max_length n_ctx net_structure_type no_repeat_ngram_size num_beam_groups num_beams num_memory_blocks
    num_return_sequences output_attentions output_hidden_states output_past output_scores pad_token_id
    pooler_act pooler_fc_size pooler_num_attention_heads pooler_num_fc_layers pooler_output_size
    pooler_size_per_head pooler_type prefix pretraining_tp problem_type pruned_heads qa_dropout
    relative_attention_max_distance remove_invalid_values reorder_and_upcast_attn repetition_penalty resid_pdrop
    return_dict return_dict_in_generate rms_norm_eps rope_parameters rope_scaling rope_theta
    router_aux_loss_coef router_dtype router_ignore_padding_tokens router_jitter_noise router_z_loss_coef
    scale_attn_by_inverse_layer_idx scale_embedding sep_token_id seq_classif_dropout sinusoidal_pos_embds
    summary_activation summary_first_dropout summary_last_dropout summary_proj_to_labels summary_type
    summary_use_proj suppress_tokens task_specific_params temperature tf_legacy_loss tie_encoder_decoder
    tie_weights_ tokenizer_class top_k top_p torch_dtype torchscript tpu_short_seq_length transformers_version
    true_hidden_size typical_p use_bfloat16 use_cache use_mems_eval use_mems_train use_tpu_fourier_optimizations
    )");
    std::vector<std::string> all;
    for (std::string word; text >> word;) all.push_back(word);
    return all;
  }();
  return words;
}

}  // namespace ridgeline
