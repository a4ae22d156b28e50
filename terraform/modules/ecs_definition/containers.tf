# The containers as ECS writes them. What a container leaves out is left out here too: ECS reads an empty value
# back as a missing one.
locals {
  container_definitions = [
    for container in var.containers : merge(
      {
        name                   = container.name
        image                  = container.image == null ? "${var.repository_url}:bootstrap" : container.image
        essential              = container.essential
        memory                 = container.hard_memory_limit
        memoryReservation      = container.soft_memory_limit
        readonlyRootFilesystem = container.read_only_root_filesystem
        stopTimeout            = var.stop_timeout_seconds

        environment = [
          for name, value in local.environment_variables[container.name] : { name = name, value = value }
        ]

        logConfiguration = {
          logDriver = "awslogs"
          options = {
            "awslogs-group"         = aws_cloudwatch_log_group.this.name
            "awslogs-region"        = var.aws_region
            "awslogs-stream-prefix" = var.service_name
          }
        }
      },
      { for name, value in local.optional_settings[container.name] : name => value if value != null },
    )
  ]

  # A container is told which port to listen on, unless its own variables say so.
  environment_variables = {
    for container in var.containers : container.name => merge(
      { AWS_DEFAULT_REGION = var.aws_region },
      container.name == var.lb_container_name ? { PORT = tostring(var.lb_container_port) } : {},
      container.environment_variables,
    )
  }

  optional_settings = {
    for container in var.containers : container.name => {
      command = container.command
      cpu     = container.cpu_units

      # In awsvpc mode the tasks' own interface has these ports: the host's are the same by definition.
      portMappings = length(container.port_mappings) == 0 ? null : [
        for mapping in container.port_mappings : {
          containerPort = mapping.container_port
          hostPort      = mapping.container_port
          protocol      = "tcp"
        }
      ]

      secrets = length(container.secrets) == 0 ? null : [
        for name, arn in container.secrets : { name = name, valueFrom = arn }
      ]

      healthCheck = container.health_check == null ? null : {
        command     = container.health_check.command
        interval    = container.health_check.interval_seconds
        timeout     = container.health_check.timeout_seconds
        retries     = container.health_check.retries
        startPeriod = container.health_check.start_period_seconds
      }

      linuxParameters = length(container.tmpfs) == 0 ? null : {
        tmpfs = [for path, size in container.tmpfs : { containerPath = path, size = size }]
      }
    }
  }
}
