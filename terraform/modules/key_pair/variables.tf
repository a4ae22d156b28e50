variable "name" {
  description = "Name of the key pair."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,255}$", var.name))
    error_message = "name may hold letters, digits, dots, hyphens and underscores, 255 at most."
  }
}

variable "public_key" {
  description = "Public half of an SSH key, in OpenSSH format. Null: no key pair is made, and instances are reached through Session Manager alone."
  type        = string
  default     = null

  validation {
    condition     = var.public_key == null || can(regex("^(ssh-ed25519|ssh-rsa) [A-Za-z0-9+/=]+", var.public_key))
    error_message = "public_key must be a public key in OpenSSH format (ssh-ed25519 or ssh-rsa), never a private one."
  }
}
