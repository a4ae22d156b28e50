variable "services" {
  description = <<-EOT
    Services that run as containers, by name: port that the container listens on, path_patterns that belong to it (such as /api/*),
    health_path that answers 200 when it is well, memory_soft_mb set aside and memory_hard_mb at which it is stopped (MiB), cpu_units set aside
    (1024 are one processor; null: whatever is free), desired_count of tasks,
    environment variables, secrets (variable, then the ARN of a secret in Secrets Manager or a parameter in Parameter Store), command instead of the
    image's, and the image to create the service with. Without an image the service waits at zero tasks for its first deployment. It may only read
    its file system, /dev/shm apart, unless read_only_root_filesystem is false. autoscaling lets the number of tasks follow the load between min_count
    and max_count: by cpu_percent, by requests_per_target (a minute), or both.
  EOT
  type = map(object({
    port                      = number
    path_patterns             = list(string)
    health_path               = string
    memory_soft_mb            = number
    memory_hard_mb            = number
    cpu_units                 = optional(number)
    desired_count             = number
    environment               = optional(map(string), {})
    secrets                   = optional(map(string), {})
    command                   = optional(list(string))
    image                     = optional(string)
    read_only_root_filesystem = optional(bool, true)
    autoscaling = optional(object({
      min_count           = number
      max_count           = number
      cpu_percent         = optional(number)
      requests_per_target = optional(number)
    }))
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.services) : can(regex("^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$", name))])
    error_message = "Names in services must be DNS labels of 32 characters at most: lower-case letters, digits and hyphens, beginning with a letter."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.port >= 1 && service.port <= 65535 && floor(service.port) == service.port])
    error_message = "Each port in services must be a whole number between 1 and 65535."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.desired_count >= 1 && floor(service.desired_count) == service.desired_count])
    error_message = "Each desired_count in services must be a whole number of at least 1."
  }

  validation {
    condition     = alltrue([for service in values(var.services) : service.memory_soft_mb <= service.memory_hard_mb])
    error_message = "No memory_soft_mb in services may be above its memory_hard_mb."
  }

  # 48 is what there are places for among the load balancer's rules, where the longer pattern is asked first.
  validation {
    condition = alltrue([
      for service in values(var.services) : length(service.path_patterns) > 0 && alltrue([
        for pattern in service.path_patterns : can(regex("^/[A-Za-z0-9_.$/~\"'@:+*?&-]{0,47}$", pattern))
      ])
    ])
    error_message = "Each of services needs path_patterns, such as /api/*: they begin with / and have 48 characters at most; * and ? stand for others."
  }

  validation {
    condition     = length(distinct(flatten(values(var.services)[*].path_patterns))) == length(flatten(values(var.services)[*].path_patterns))
    error_message = "No path may stand twice in the path_patterns of services."
  }

  validation {
    condition = alltrue([
      for arn in flatten([for service in values(var.services) : values(service.secrets)]) :
      can(regex("^arn:[a-z-]+:(secretsmanager:[a-z0-9-]+:[0-9]{12}:secret|ssm:[a-z0-9-]+:[0-9]{12}:parameter/).+$", arn))
    ])
    error_message = "Each of the secrets in services must be the ARN of a secret in Secrets Manager or of a parameter in Parameter Store, never the secret itself."
  }

  validation {
    condition = alltrue([
      for service in values(var.services) : try(
        service.autoscaling.min_count >= 1 && service.autoscaling.min_count <= service.desired_count && service.desired_count <= service.autoscaling.max_count,
        service.autoscaling == null,
      )
    ])
    error_message = "With autoscaling, the desired_count in services must lie between autoscaling.min_count, at least 1, and autoscaling.max_count."
  }

  validation {
    condition = alltrue([
      for service in values(var.services) : try(service.autoscaling.cpu_percent != null || service.autoscaling.requests_per_target != null, service.autoscaling == null)
    ])
    error_message = "Each autoscaling in services needs cpu_percent, requests_per_target, or both: without a target nothing would ever scale."
  }

  validation {
    condition = alltrue([
      for service in values(var.services) : try(service.autoscaling.cpu_percent == null, true) || service.cpu_units != null
    ])
    error_message = "autoscaling.cpu_percent in services needs cpu_units beside it: ECS measures the use of what was set aside."
  }

  validation {
    condition     = alltrue([for units in values(var.services)[*].cpu_units : try(units >= 2 && floor(units) == units, units == null)])
    error_message = "Each cpu_units in services must be a whole number of at least 2: 1024 are one processor."
  }
}
