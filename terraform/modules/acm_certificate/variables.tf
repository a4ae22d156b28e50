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

variable "domain_name_by_zone_id" {
  description = "Which hosted zone takes the validation records of which names: the zone's identifier, then its names as they stand in domain_names. Needed only where this module writes the records; names that are not on the certificate are passed over."
  type        = map(list(string))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for zone in keys(var.domain_name_by_zone_id) : can(regex("^Z[A-Z0-9]+$", zone))])
    error_message = "Each key of domain_name_by_zone_id must be the identifier of a hosted zone, such as Z0123456789ABC."
  }

  validation {
    condition     = length(distinct(flatten(values(var.domain_name_by_zone_id)))) == length(flatten(values(var.domain_name_by_zone_id)))
    error_message = "domain_name_by_zone_id must list a name once, under one zone."
  }

  validation {
    condition     = !var.create_validation_records || length(setsubtract(var.domain_names, flatten(values(var.domain_name_by_zone_id)))) == 0
    error_message = "domain_name_by_zone_id must list every name of domain_names under the zone that proves it; missing: ${join(", ", setsubtract(var.domain_names, flatten(values(var.domain_name_by_zone_id))))}."
  }
}

variable "create_validation_records" {
  description = "Whether this module writes the validation records. False where another certificate already does: AWS asks for the same record for the same name in every region."
  type        = bool
  default     = true
  nullable    = false
}

variable "validation_timeout_minutes" {
  description = "Minutes to wait for the certificate. It takes longer than a few when the zone's name servers are not yet entered in the domain above it."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.validation_timeout_minutes >= 1 && var.validation_timeout_minutes <= 720
    error_message = "validation_timeout_minutes must lie between 1 and 720."
  }
}
