variable "containers" {
  description = <<-EOT
    Containers of a task, as in a Compose file. Each: name; image, best by digest (null, for the container named lb_container_name alone: the service is
    created with no tasks, and waits for its first deployment); hard_memory_limit at which it is stopped and soft_memory_limit set aside for it (MiB);
    cpu_units set aside for it (1024 are one processor; null: whatever is free, without a claim);
    container_port of its port_mappings; environment_variables; secrets, as variable and the ARN of a secret in Secrets Manager or of a parameter in
    Parameter Store; command instead of the image's; health_check by a command in the container (beginning with CMD or CMD-SHELL); whether the task ends
    with it (essential); whether it may only read its file system, and tmpfs: folders in memory that it may write, with their sizes in MiB.
  EOT
  type = list(object({
    name                  = string
    image                 = optional(string)
    hard_memory_limit     = number
    soft_memory_limit     = number
    cpu_units             = optional(number)
    port_mappings         = optional(list(object({ container_port = number })), [])
    environment_variables = optional(map(string), {})
    secrets               = optional(map(string), {})
    command               = optional(list(string))
    health_check = optional(object({
      command              = list(string)
      interval_seconds     = optional(number, 30)
      timeout_seconds      = optional(number, 5)
      retries              = optional(number, 3)
      start_period_seconds = optional(number, 10)
    }))
    essential                 = optional(bool, true)
    read_only_root_filesystem = optional(bool, true)
    tmpfs                     = optional(map(number), {})
  }))
  nullable = false

  validation {
    condition = length(var.containers) > 0 && length(distinct(var.containers[*].name)) == length(var.containers) && alltrue([
      for container in var.containers : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$", container.name))
    ])
    error_message = "containers must hold at least one container, each with a name of its own: letters, digits, hyphens and underscores."
  }

  validation {
    condition     = alltrue([for container in var.containers : container.soft_memory_limit <= container.hard_memory_limit])
    error_message = "No hard_memory_limit in containers may lie below the soft_memory_limit beside it: see ${join(", ", [for container in var.containers : container.name if container.soft_memory_limit > container.hard_memory_limit])}."
  }

  validation {
    condition = alltrue([
      for limit in flatten([for container in var.containers : [container.soft_memory_limit, container.hard_memory_limit]]) : limit >= 6 && floor(limit) == limit
    ])
    error_message = "Memory limits in containers must be whole numbers of MiB, at least 6, the least that ECS takes."
  }

  validation {
    condition     = alltrue([for units in var.containers[*].cpu_units : try(units >= 2 && floor(units) == units, units == null)])
    error_message = "Each cpu_units in containers must be a whole number of at least 2, the least that ECS takes: 1024 are one processor."
  }

  validation {
    condition = alltrue([
      for port in flatten([for container in var.containers : container.port_mappings[*].container_port]) : port >= 1 && port <= 65535 && floor(port) == port
    ])
    error_message = "Each container_port in containers must be a whole number between 1 and 65535."
  }

  validation {
    condition = (
      length(distinct(flatten([for container in var.containers : container.port_mappings[*].container_port]))) == length(flatten([for container in var.containers : container.port_mappings]))
    )
    error_message = "No container_port may stand in containers twice: the containers of a task share one network interface."
  }

  validation {
    condition     = alltrue([for container in var.containers : container.image == null || can(regex("^[^\\s]+$", container.image))])
    error_message = "Each image in containers must be an image's name without white space."
  }

  validation {
    condition = alltrue([
      for name in flatten([for container in var.containers : concat(keys(container.environment_variables), keys(container.secrets))]) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name))
    ])
    error_message = "Names of environment_variables and secrets in containers may hold letters, digits and underscores, and must not begin with a digit."
  }

  validation {
    condition = alltrue([
      for container in var.containers : length(setintersection(keys(container.secrets), concat(keys(container.environment_variables), ["AWS_DEFAULT_REGION", "PORT"]))) == 0
    ])
    error_message = "No name in containers may be among both environment_variables and secrets; AWS_DEFAULT_REGION and PORT are environment variables already."
  }

  validation {
    condition = alltrue([
      for arn in flatten([for container in var.containers : values(container.secrets)]) :
      can(regex("^arn:[a-z-]+:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret|ssm:[a-z0-9-]+:[0-9]{12}:parameter/).+$", arn))
    ])
    error_message = "Each of the secrets in containers must be the ARN of a secret in Secrets Manager or of a parameter in Parameter Store, never the secret itself."
  }

  validation {
    condition = alltrue([
      for check in [for container in var.containers : container.health_check if container.health_check != null] :
      length(check.command) >= 2 && contains(["CMD", "CMD-SHELL"], check.command[0])
    ])
    error_message = "Each health_check.command in containers must begin with CMD or CMD-SHELL, followed by what is to be run."
  }

  validation {
    condition = alltrue([
      for check in [for container in var.containers : container.health_check if container.health_check != null] : alltrue([
        check.interval_seconds >= 5 && check.interval_seconds <= 300, check.timeout_seconds >= 2 && check.timeout_seconds <= 60,
        check.retries >= 1 && check.retries <= 10, check.start_period_seconds >= 0 && check.start_period_seconds <= 300,
      ])
    ])
    error_message = "Each health_check in containers takes interval_seconds from 5 to 300, timeout_seconds from 2 to 60, retries from 1 to 10 and start_period_seconds from 0 to 300."
  }

  validation {
    condition     = alltrue(flatten([for container in var.containers : [for path, size in container.tmpfs : startswith(path, "/") && size >= 1 && floor(size) == size]]))
    error_message = "Each of tmpfs in containers must be a path that begins with /, and a size of at least 1 MiB."
  }
}

variable "lb_container_name" {
  description = "Container that the load balancer talks to, and that deployments give a new image."
  type        = string

  validation {
    condition     = contains(var.containers[*].name, var.lb_container_name)
    error_message = "lb_container_name must be the name of one of the containers: ${join(", ", var.containers[*].name)}."
  }

  validation {
    condition     = alltrue([for container in var.containers : container.essential if container.name == var.lb_container_name])
    error_message = "The container of lb_container_name must be essential: without it a task answers nothing."
  }

  validation {
    condition     = alltrue([for container in var.containers : container.image != null || container.name == var.lb_container_name])
    error_message = "Only the container that lb_container_name names may be without an image: deployments give no other container one."
  }
}

variable "lb_container_port" {
  description = "Port of that container that requests go to; the container is told so in the variable PORT."
  type        = number

  validation {
    condition = contains(flatten([
      for container in var.containers : container.port_mappings[*].container_port if container.name == var.lb_container_name
    ]), var.lb_container_port)
    error_message = "lb_container_port must be a container_port among the port_mappings of the container that lb_container_name names."
  }
}

variable "secrets_kms_key_arns" {
  description = "Keys that the containers' secrets are encrypted with, if they are not AWS's own: ECS may decrypt with these."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secrets_kms_key_arns : can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", arn))])
    error_message = "Each of secrets_kms_key_arns must be the ARN of a KMS key."
  }
}
