variable "domain_names" {
  description = "Names on the certificate: the first is its own name, the others are alternatives."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.domain_names) > 0 && length(distinct(var.domain_names)) == length(var.domain_names)
    error_message = "domain_names must hold at least one name, each once."
  }

  validation {
    condition = alltrue([
      for name in var.domain_names : can(regex("^(\\*\\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", name))
    ])
    error_message = "Each of domain_names must be a full host name, such as todo.example.com."
  }
}

variable "zone_id" {
  description = "Hosted zone that the validation records are written to."
  type        = string

  validation {
    condition     = can(regex("^Z[A-Z0-9]+$", var.zone_id))
    error_message = "zone_id must be the identifier of a hosted zone, such as Z0123456789ABC."
  }
}

variable "create_validation_records" {
  description = "Whether this module writes the validation records. False where another certificate for the same names already does: give its records as validation_record_fqdns."
  type        = bool
  default     = true
  nullable    = false
}

variable "validation_record_fqdns" {
  description = "Validation records written elsewhere: domain name, then the record's full name. Only read when create_validation_records is false."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for fqdn in values(var.validation_record_fqdns) : length(fqdn) > 0])
    error_message = "validation_record_fqdns must not hold empty names."
  }
}

variable "wait_for_validation" {
  description = "Whether to wait until the certificate is issued. AWS refuses a certificate that is not, so only an emulator, which issues at once, does without."
  type        = bool
  default     = true
  nullable    = false
}
